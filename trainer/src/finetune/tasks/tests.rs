//! Good lines become questions, bad ones are named by file and line, and the released files are read as they are.

use std::fs;
use std::path::Path;

use super::{ItemFile, SUPERGLUE, Task};
use crate::finetune::data::{FoundFile, TaskData};
use crate::finetune::question::Question;

fn task(name: &str) -> &'static Task {
    SUPERGLUE.iter().find(|task| task.name == name).unwrap()
}

fn read(name: &str, content: &[u8]) -> Result<Vec<Question>, String> {
    (task(name).read)(&ItemFile { path: Path::new("items.jsonl"), content }).map_err(|error| error.to_string())
}

/// A line of each task, as the released files have it.
const LINES: [(&str, &str); 10] = [
    ("boolq", r#"{"question": "is it", "passage": "It -- is.", "label": true, "idx": 0}"#),
    ("cb", r#"{"premise": "It is.", "hypothesis": "it", "label": "neutral", "idx": 0}"#),
    ("copa", r#"{"premise": "It is.", "choice1": "A.", "choice2": "B.", "question": "effect", "label": 1, "idx": 0}"#),
    (
        "multirc",
        r#"{"idx": 0, "passage": {"text": "It is.", "questions": [{"idx": 4, "question": "Who?", "answers": [{"idx": 8, "text": "It", "label": 1}, {"idx": 9, "text": "", "label": 0}]}]}}"#,
    ),
    (
        "record",
        r#"{"idx": 0, "passage": {"text": "Ann saw Bob\n@highlight\nAnn ran", "entities": [{"start": 0, "end": 2}, {"start": 8, "end": 10}, {"start": 23, "end": 25}]}, "qas": [{"idx": 5, "query": "@placeholder ran", "answers": [{"start": 0, "end": 2, "text": "Ann"}]}]}"#,
    ),
    ("rte", r#"{"premise": "It is.", "hypothesis": "it", "label": "not_entailment", "idx": 0}"#),
    (
        "wic",
        r#"{"word": "is", "sentence1": "It is.", "sentence2": "Is it?", "start1": 3, "end1": 5, "start2": 0, "end2": 2, "label": false, "idx": 0, "version": 1.1}"#,
    ),
    (
        "wsc",
        r#"{"text": "Ann ran. She did.", "target": {"span1_index": 0, "span1_text": "Ann", "span2_index": 2, "span2_text": "she"}, "idx": 0, "label": true}"#,
    ),
    (
        "axb",
        r#"{"sentence1": "It is.", "sentence2": "It was.", "label": "entailment", "idx": "0", "logic": "Negation"}"#,
    ),
    ("axg", r#"{"premise": "It is.", "hypothesis": "it", "label": "entailment", "idx": 0, "pair_id": 7}"#),
];

fn line(name: &str) -> &'static str {
    LINES.iter().find(|(known, _)| *known == name).unwrap().1
}

#[test]
fn every_task_asks_what_its_page_says() {
    let texts = |name: &str| {
        let questions = read(name, line(name).as_bytes()).unwrap();
        let inputs = questions.iter().flat_map(|question| &question.inputs);
        inputs.map(|input| (input.first.clone(), input.second.clone().unwrap_or_default())).collect::<Vec<_>>()
    };
    let pair = |first: &str, second: &str| (first.to_owned(), second.to_owned());
    assert_eq!(texts("boolq"), [pair("is it", "It -- is.")]);
    assert_eq!(texts("rte"), [pair("It is.", "it")]);
    let asked = "It is. What happened as a result?";
    assert_eq!(texts("copa"), [pair(asked, "A."), pair(asked, "B.")]);
    assert_eq!(texts("multirc"), [pair("It is.", "Who? It"), pair("It is.", "Who?")]);
    assert_eq!(texts("record"), [pair("Ann saw Bob Ann ran", "Ann ran"), pair("Ann saw Bob Ann ran", "Bob ran")]);
    assert_eq!(texts("wic"), [pair("It is.", "Is it?")]);
    assert_eq!(texts("wsc"), [pair("Ann ran. She did.", "")]);
    assert_eq!(texts("axb"), [pair("It is.", "It was.")]);
}

#[test]
fn right_answers_and_families_are_those_of_the_line() {
    let right = |name: &str| read(name, line(name).as_bytes()).unwrap()[0].right.clone();
    let found: Vec<Vec<usize>> = LINES.iter().map(|(name, _)| right(name)).collect();
    assert_eq!(found, [vec![1], vec![2], vec![1], vec![1], vec![0], vec![1], vec![0], vec![1], vec![0], vec![0]]);
    let multirc = read("multirc", line("multirc").as_bytes()).unwrap();
    assert_eq!(
        (multirc[1].item.as_str(), multirc[1].family.as_str(), multirc[1].source.as_str()),
        ("0-4-9", "0-4", "0")
    );
    assert_eq!(read("axg", line("axg").as_bytes()).unwrap()[0].family, "7");
    let wsc = &read("wsc", line("wsc").as_bytes()).unwrap()[0].inputs[0].spans;
    assert_eq!((wsc[0].characters.clone(), wsc[1].characters.clone()), (0..3, 9..12));
}

#[test]
fn bad_lines_are_named_with_what_would_be_right() {
    let bad = |name: &str, from: &str, to: &str| {
        let text = line(name).replace(from, to);
        assert_ne!(text, line(name), "{name}: {from} is not there");
        read(name, text.as_bytes()).unwrap_err()
    };
    insta::assert_snapshot!(bad("boolq", "true", "\"yes\""), @r#"items.jsonl, line 1: the label "yes" is none of this task; one of false, true is needed"#);
    insta::assert_snapshot!(bad("boolq", "\"label\": true, ", ""), @"items.jsonl, line 1: it has no label; one of false, true is needed (test sets without labels cannot be used)");
    insta::assert_snapshot!(bad("boolq", "It -- is.", " "), @"items.jsonl, line 1: passage is blank; a text is needed");
    insta::assert_snapshot!(bad("cb", "neutral", "maybe"), @r#"items.jsonl, line 1: the label "maybe" is none of this task; one of entailment, contradiction, neutral is needed"#);
    insta::assert_snapshot!(bad("copa", "effect", "reason"), @r#"items.jsonl, line 1: the question "reason" is neither cause nor effect"#);
    insta::assert_snapshot!(bad("copa", "\"label\": 1", "\"label\": 2"), @"items.jsonl, line 1: the label 2 is none of this task; one of 0, 1 is needed");
    insta::assert_snapshot!(bad("rte", "hypothesis", "hypotesis"), @"items.jsonl, line 1: not an item of this task: missing field `hypothesis` at column 77");
    insta::assert_snapshot!(bad("multirc", "\"idx\": 9", "\"idx\": 8"), @"items.jsonl, line 1: the id 0-4-8 was that of line 1 already; every item needs its own");
    insta::assert_snapshot!(bad("multirc", "Who?", ""), @"items.jsonl, line 1: question is blank; a text is needed");
    insta::assert_snapshot!(bad("record", "\"end\": 25", "\"end\": 99"), @"items.jsonl, line 1: the entity 23..=99 lies outside of the passage");
    insta::assert_snapshot!(bad("record", "@placeholder", "She"), @r#"items.jsonl, line 1: the query "She ran" has no @placeholder"#);
    insta::assert_snapshot!(bad("record", "\"text\": \"Ann\"", "\"text\": \"Anne\""), @r#"items.jsonl, line 1: no answer of the query "@placeholder ran" is an entity of the passage"#);
    insta::assert_snapshot!(bad("wic", "\"end1\": 5", "\"end1\": 50"), @"items.jsonl, line 1: the word at 3..50 is not within the 6 characters of sentence1");
    insta::assert_snapshot!(bad("wsc", "\"Ann\"", "\"Bob\""), @r#"items.jsonl, line 1: the text does not hold the span "Bob""#);
    insta::assert_snapshot!(bad("wsc", "\"span1_index\": 0", "\"span1_index\": 999"), @"items.jsonl, line 1: span1_index is 999; the text has 4 words, which are counted from 0");
    insta::assert_snapshot!(bad("wsc", "\"span2_index\": 2", "\"span2_index\": 4"), @"items.jsonl, line 1: span2_index is 4; the text has 4 words, which are counted from 0");
    let rte = line("rte");
    let error = |content: &[u8]| read("rte", content).unwrap_err();
    insta::assert_snapshot!(error(format!("{rte}\n\n{rte}").as_bytes()), @"items.jsonl, line 3: the id 0 was that of line 1 already; every item needs its own");
    insta::assert_snapshot!(error(format!("{rte}\nnonsense").as_bytes()), @"items.jsonl, line 2: not an item of this task: expected ident at column 2");
    insta::assert_snapshot!(error(&[rte.as_bytes(), b"\n\xff"].concat()), @"items.jsonl, line 2: byte 0 of the line is not UTF-8");
    insta::assert_snapshot!(error(b"\n"), @"items.jsonl holds no item");
}

#[test]
fn data_that_is_not_there_is_missing_and_no_error_of_the_file() {
    let error = task("record").training_file(&TaskData::Folder("/nowhere".into())).unwrap_err();
    insta::assert_snapshot!(error, @"/nowhere holds no ReCoRD/train.jsonl");
}

/// Items and right classes of the released files, counted by Python.
#[test]
fn the_released_files_are_read_whole() {
    let Some(data) = crate::finetune::testing::released() else { return };
    let folder = TaskData::Folder(data.clone());
    let read = |task: &Task, found: &FoundFile| {
        let content = fs::read(&found.path).unwrap();
        let questions = (task.read)(&ItemFile { path: &found.path, content: &content });
        questions.unwrap_or_else(|error| panic!("{}: {error}", task.name))
    };
    let ones = |questions: &[Question]| questions.iter().filter(|question| question.right[0] == 1).count();
    for (name, training, reported) in [
        ("boolq", (2122, 1284), (3270, 2033)),
        ("cb", (250, 119), (56, 28)),
        ("copa", (400, 205), (100, 45)),
        ("multirc", (27243, 12025), (4848, 2075)),
        ("rte", (2490, 1241), (277, 131)),
        ("wic", (5428, 2714), (638, 319)),
        ("wsc", (554, 259), (104, 38)),
    ] {
        let task = task(name);
        let [training_set, reported_set] =
            [task.training_file(&folder), task.reported_file(&folder)].map(|found| read(task, &found.unwrap()));
        assert_eq!((training_set.len(), ones(&training_set)), training, "{name}");
        assert_eq!((reported_set.len(), ones(&reported_set)), reported, "{name}");
    }
    for (name, items) in [("axb", 1104), ("axg", 356)] {
        let task = task(name);
        assert_eq!(read(task, &task.reported_file(&folder).unwrap()).len(), items);
    }
    let articles =
        FoundFile { name: String::new(), path: data.join("../fewglue_32/ReCoRD/train.jsonl"), content: None };
    assert_eq!(read(task("record"), &articles).len(), 32);
    assert!(task("record").training_file(&folder).is_err(), "ReCoRD is not part of the given data");
}
