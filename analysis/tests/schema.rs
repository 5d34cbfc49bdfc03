//! Real reports against the published schema of report.json (`docs/report.schema.json`).
//!
//! The validator here knows the keywords that the schema uses and refuses any other, so that nothing goes unchecked.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod fixture;

use analysis::{Report, Results};
use serde_json::Value as Json;
use spec::Value;
use spec::analysis::{AnalysisSpec, Pairing, Question};
use spec::metric::Direction;

fn schema() -> Json {
    serde_json::from_str(include_str!("../docs/report.schema.json")).unwrap()
}

/// What is wrong with `value`, each with its path.
fn problems(root: &Json, schema: &Json, value: &Json, path: &str, found: &mut Vec<String>) {
    for (keyword, rule) in schema.as_object().unwrap() {
        match keyword.as_str() {
            "$ref" => {
                let target = root.pointer(rule.as_str().unwrap().trim_start_matches('#')).unwrap();
                problems(root, target, value, path, found);
            }
            "anyOf" => {
                let fits = |option: &Json| {
                    let mut wrong = Vec::new();
                    problems(root, option, value, path, &mut wrong);
                    wrong.is_empty()
                };
                if !rule.as_array().unwrap().iter().any(fits) {
                    found.push(format!("{path}: fits none of the forms: {value}"));
                }
            }
            "type" if !has_type(rule, value) => found.push(format!("{path}: {value} is not {rule}")),
            "const" if rule != value => found.push(format!("{path}: {value} is not {rule}")),
            "enum" if !rule.as_array().unwrap().contains(value) => {
                found.push(format!("{path}: {value} is not one of {rule}"));
            }
            "minimum" | "exclusiveMinimum" | "maximum" => {
                let bound = rule.as_f64().unwrap();
                let fits = value.as_f64().is_none_or(|number| match keyword.as_str() {
                    "minimum" => number >= bound,
                    "maximum" => number <= bound,
                    _ => number > bound,
                });
                if !fits {
                    found.push(format!("{path}: {value} breaks {keyword} {rule}"));
                }
            }
            "minItems" | "maxItems" => {
                let (length, bound) = (value.as_array().map_or(0, Vec::len), rule.as_u64().unwrap() as usize);
                if if keyword == "minItems" { length < bound } else { length > bound } {
                    found.push(format!("{path}: {length} items break {keyword} {bound}"));
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    problems(root, rule, item, &format!("{path}/{index}"), found);
                }
            }
            "required" => {
                let object = value.as_object();
                for name in rule.as_array().unwrap().iter().filter_map(Json::as_str) {
                    if object.is_some_and(|object| !object.contains_key(name)) {
                        found.push(format!("{path}: {name} is missing"));
                    }
                }
            }
            // Looked at below, met already, or words for people.
            "properties"
            | "additionalProperties"
            | "type"
            | "const"
            | "enum"
            | "$schema"
            | "$defs"
            | "title"
            | "description" => {}
            other => panic!("the schema uses {other}, which this validator does not know"),
        }
    }
    let Some(object) = value.as_object() else { return };
    for (name, value) in object {
        let path = format!("{path}/{name}");
        match (schema["properties"].get(name), schema.get("additionalProperties")) {
            (None, Some(Json::Bool(false))) => found.push(format!("{path} is not in the schema")),
            (Some(rule), _) | (None, Some(rule)) => problems(root, rule, value, &path, found),
            (None, None) => {}
        }
    }
}

fn has_type(rule: &Json, value: &Json) -> bool {
    let names = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
    names.iter().filter_map(Json::as_str).any(|name| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the schema uses the type {other}"),
    })
}

fn check(report: &Report) {
    let json: Json = serde_json::from_slice(&report.json()).unwrap();
    let (schema, mut found) = (schema(), Vec::new());
    problems(&schema, &schema, &json, "", &mut found);
    assert!(found.is_empty(), "{}", found[..found.len().min(20)].join("\n"));
}

fn with_question() -> AnalysisSpec {
    let pair = |level: &str, baseline: &str| [Value::from(level), Value::from(baseline)];
    let question = Question {
        name: "learnable against static".to_owned(),
        factor: "activation".to_owned(),
        pairs: vec![pair("prelu", "relu"), pair("swish", "silu")],
    };
    AnalysisSpec { questions: vec![question], margin: Some(0.02), ..fixture::analysis() }
}

#[test]
fn the_report_of_a_sweep_fits() {
    let directory = tempfile::tempdir().unwrap();
    let layout = fixture::write_sweep(directory.path());
    let results = Results::from_sweep(&layout).unwrap();
    for analysis in [fixture::analysis(), with_question(), AnalysisSpec { pairing: Pairing::None, ..with_question() }] {
        check(&Report::new(&results, &analysis).unwrap().dated("2026-11-27T08:00:00Z"));
    }
    std::fs::remove_dir_all(layout.runs()).unwrap();
    check(&Report::new(&Results::from_sweep(&layout).unwrap(), &with_question()).unwrap());
}

#[test]
fn reports_of_tables_fit_whatever_they_lack() {
    let options = fixture::table_options(&["act"], &["acc"]);
    let mut plan = fixture::analysis();
    "acc".clone_into(&mut plan.primary);
    plan.directions.insert("acc".to_owned(), Direction::Higher);
    plan.baseline = [("act".to_owned(), Value::from("a"))].into();
    for rows in [
        "a,1,0.5\n",
        "a,1,0.5\nb,2,0.6\n",
        "a,1,0.5\na,2,0.5\nb,1,0.5\nb,2,0.5\n",
        "a,1,0.5\na,2,0.6\nb,1,0.6\nb,2,0.7\n",
        "a,1,NaN\na,2,inf\nb,1,0.6\nb,2,-inf\nb,3,1e80\n",
        "a,1,\na,2,\nb,1,NA\nb,2,\n",
        "a,1,0.5\na,2,0.61\na,3,0.7\na,4,0.4\nb,1,0.6\nb,2,0.8\nb,3,0.71\nb,4,NaN\n",
    ] {
        let results =
            Results::from_reader(format!("act,seed,acc\n{rows}").as_bytes(), "t.csv".as_ref(), &options).unwrap();
        for pairing in [Pairing::Seed, Pairing::None] {
            check(&Report::new(&results, &AnalysisSpec { pairing, ..plan.clone() }).unwrap());
        }
    }
}

#[test]
fn the_validator_finds_what_does_not_fit() {
    let directory = tempfile::tempdir().unwrap();
    let layout = fixture::write_sweep(directory.path());
    let report = Report::new(&Results::from_sweep(&layout).unwrap(), &with_question()).unwrap();
    let schema = schema();
    let json: Json = serde_json::from_slice(&report.json()).unwrap();
    let broken = |change: &dyn Fn(&mut Json)| {
        let mut json = json.clone();
        change(&mut json);
        let mut found = Vec::new();
        problems(&schema, &schema, &json, "", &mut found);
        found.join("\n")
    };
    assert!(broken(&|json| json["schema"] = 1.into()).contains("/schema: 1 is not 2"));
    assert!(broken(&|json| json["extra"] = 1.into()).contains("/extra is not in the schema"));
    assert!(broken(&|json| json["title"] = Json::Null).contains("/title: null is not"));
    let remove = |json: &mut Json| drop(json["answers"][0].as_object_mut().unwrap().remove("pooled"));
    assert!(broken(&remove).contains("/answers/0: pooled is missing"));
    assert!(
        broken(
            &|json| json["metrics"][0]["contrasts"][0]["strata"][0]["arms"][0]["comparison"]["verdict"] = "best".into()
        )
        .contains("comparison")
    );
}
