//! The sets that are known by name.
//!
//! Addresses and sources: BLiMP (Warstadt et al. 2020, arXiv:1912.00582) from its authors' repository; SuperGLUE (Wang
//! et al. 2019, arXiv:1905.00537) from the address of its authors' own tools; BabyLM's filtered sets (2023) from a
//! repository that holds them file by file; TinyStories (Eldan & Li 2023, arXiv:2305.07759) from its authors' page on
//! the hub.
//!
//! What is pinned: BLiMP's 67 files and BabyLM's 40 lie at a commit, and `checksums.txt` has the SHA-256 of each but
//! the six largest of BabyLM's; what comes with another is refused. SuperGLUE's archives have no published checksum,
//! and may be packed anew: their files are compared with the content that several public copies agree on, and another
//! content is said. BoolQ's training set, ReCoRD, TinyStories and those six are not pinned, because no whole copy was
//! at hand to take a checksum of.

use super::pair::{Naming, PairForm};
use super::set::{Download, Form, Published, Set, SetFile};
use crate::finetune::glue::BABYLM as BABYLM_TASKS;
use crate::finetune::tasks::{self, Task};

const BLIMP: &str =
    "https://raw.githubusercontent.com/alexwarstadt/blimp/3e56b06fcabca9b30822fc66435fca6b1aa40bb1/data";
const BABYLM: &str = "https://raw.githubusercontent.com/AISE-TUDelft/tiny-transformers/7d9ef405cf0e49b110a88c58fca5aa0d8fdcf8f4/code/rafael-tokenisation/evaluation-pipeline-2023/filter-data";
const SUPERGLUE: &str = "https://dl.fbaipublicfiles.com/glue/superglue/data/v2";
const TINY_STORIES: &str = "https://huggingface.co/datasets/roneneldan/TinyStories/resolve/main";

/// The content of BLiMP's 67,000 pairs at the commit of [`BLIMP`], in the store's form.
const BLIMP_CONTENT: &str = "bab01e1776e8f4f0cb17ac3a1401daab88f4b7d5944858b032d46942747d1ba8";
/// The content of BabyLM's 63,280 pairs at the commit of [`BABYLM`], in the store's form.
const BABYLM_CONTENT: &str = "b10badfc528baaa49b1af55945f7bb4a0fb43893681a06087b60fd925672b4d7";

/// The paradigms of BLiMP.
pub const PARADIGMS: [&str; 67] = [
    "adjunct_island",
    "anaphor_gender_agreement",
    "anaphor_number_agreement",
    "animate_subject_passive",
    "animate_subject_trans",
    "causative",
    "complex_NP_island",
    "coordinate_structure_constraint_complex_left_branch",
    "coordinate_structure_constraint_object_extraction",
    "determiner_noun_agreement_1",
    "determiner_noun_agreement_2",
    "determiner_noun_agreement_irregular_1",
    "determiner_noun_agreement_irregular_2",
    "determiner_noun_agreement_with_adj_2",
    "determiner_noun_agreement_with_adj_irregular_1",
    "determiner_noun_agreement_with_adj_irregular_2",
    "determiner_noun_agreement_with_adjective_1",
    "distractor_agreement_relational_noun",
    "distractor_agreement_relative_clause",
    "drop_argument",
    "ellipsis_n_bar_1",
    "ellipsis_n_bar_2",
    "existential_there_object_raising",
    "existential_there_quantifiers_1",
    "existential_there_quantifiers_2",
    "existential_there_subject_raising",
    "expletive_it_object_raising",
    "inchoative",
    "intransitive",
    "irregular_past_participle_adjectives",
    "irregular_past_participle_verbs",
    "irregular_plural_subject_verb_agreement_1",
    "irregular_plural_subject_verb_agreement_2",
    "left_branch_island_echo_question",
    "left_branch_island_simple_question",
    "matrix_question_npi_licensor_present",
    "npi_present_1",
    "npi_present_2",
    "only_npi_licensor_present",
    "only_npi_scope",
    "passive_1",
    "passive_2",
    "principle_A_c_command",
    "principle_A_case_1",
    "principle_A_case_2",
    "principle_A_domain_1",
    "principle_A_domain_2",
    "principle_A_domain_3",
    "principle_A_reconstruction",
    "regular_plural_subject_verb_agreement_1",
    "regular_plural_subject_verb_agreement_2",
    "sentential_negation_npi_licensor_present",
    "sentential_negation_npi_scope",
    "sentential_subject_island",
    "superlative_quantifiers_1",
    "superlative_quantifiers_2",
    "tough_vs_raising_1",
    "tough_vs_raising_2",
    "transitive",
    "wh_island",
    "wh_questions_object_gap",
    "wh_questions_subject_gap",
    "wh_questions_subject_gap_long_distance",
    "wh_vs_that_no_gap",
    "wh_vs_that_no_gap_long_distance",
    "wh_vs_that_with_gap",
    "wh_vs_that_with_gap_long_distance",
];

/// BabyLM's files of pairs: 12 fields of BLiMP and 5 of the supplement, which are its 17 tasks.
const BABYLM_FILES: [&str; 17] = [
    "blimp_filtered/anaphor_agreement.json",
    "blimp_filtered/argument_structure.json",
    "blimp_filtered/binding.json",
    "blimp_filtered/control_raising.json",
    "blimp_filtered/determiner_noun_agreement.json",
    "blimp_filtered/ellipsis.json",
    "blimp_filtered/filler_gap.json",
    "blimp_filtered/irregular_forms.json",
    "blimp_filtered/island_effects.json",
    "blimp_filtered/npi_licensing.json",
    "blimp_filtered/quantifiers.json",
    "blimp_filtered/subject_verb_agreement.json",
    "supplement_filtered/hypernym.json",
    "supplement_filtered/qa_congruence_easy.json",
    "supplement_filtered/qa_congruence_tricky.json",
    "supplement_filtered/subject_aux_inversion.json",
    "supplement_filtered/turn_taking.json",
];

/// Names that stand for several sets.
pub const GROUPS: [(&str, &[&str]); 1] =
    [("superglue", &["boolq", "cb", "copa", "multirc", "record", "rte", "wic", "wsc", "ax-b", "ax-g"])];

/// All of them.
pub fn sets() -> Vec<Set> {
    let mut sets = vec![blimp(), babylm()];
    sets.extend(superglue());
    sets.extend([babylm_superglue(), babylm_glue()]);
    sets.extend([
        stories("tinystories", "TinyStories", ["TinyStories-train.txt", "TinyStories-valid.txt"]),
        stories(
            "tinystories-v2",
            "TinyStories V2, GPT-4's alone",
            ["TinyStoriesV2-GPT4-train.txt", "TinyStoriesV2-GPT4-valid.txt"],
        ),
    ]);
    sets
}

fn texts(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// SHA-256 and address, without `https://raw.githubusercontent.com/`, of what is fixed by a commit.
const CHECKSUMS: &str = include_str!("checksums.txt");

fn download(url: String) -> Download {
    let known = CHECKSUMS.lines().filter_map(|line| line.split_once("  "));
    let sha256 = known.into_iter().find(|(_, address)| url.ends_with(address)).map(|(sha256, _)| sha256.to_owned());
    Download { url, sha256 }
}

fn blimp() -> Set {
    let field = |name: &str| Naming::Field(name.to_owned());
    Set {
        name: "blimp".to_owned(),
        meaning: "BLiMP: 67 paradigms of 1,000 minimal pairs (arXiv:1912.00582)".to_owned(),
        licence: "CC BY 4.0".to_owned(),
        downloads: PARADIGMS.iter().map(|name| download(format!("{BLIMP}/{name}.jsonl"))).collect(),
        files: vec![SetFile {
            name: "pairs.jsonl".to_owned(),
            parts: PARADIGMS.iter().map(|name| vec![format!("{name}.jsonl")]).collect(),
            form: Form::Pairs(PairForm {
                good: "sentence_good".to_owned(),
                bad: "sentence_bad".to_owned(),
                paradigm: field("UID"),
                field: Some(field("linguistics_term")),
                ids: texts(&["pairID"]),
                keeps_same: true,
            }),
            published: Some(67_000),
            content: BLIMP_CONTENT.parse().ok(),
            needed: true,
            parquet: None,
        }],
    }
}

fn babylm() -> Set {
    Set {
        name: "babylm".to_owned(),
        meaning: "BabyLM 2023: BLiMP filtered to its vocabulary (12 files) and the supplement (5)".to_owned(),
        licence: "MIT; BLiMP CC BY 4.0".to_owned(),
        downloads: BABYLM_FILES.iter().map(|name| download(format!("{BABYLM}/{name}"))).collect(),
        files: vec![SetFile {
            name: "pairs.jsonl".to_owned(),
            parts: BABYLM_FILES.iter().map(|name| texts(&[name])).collect(),
            form: Form::Pairs(PairForm {
                good: "sentence_good".to_owned(),
                bad: "sentence_bad".to_owned(),
                paradigm: Naming::File,
                field: Some(Naming::Folder),
                ids: texts(&["pairID", "pair_id"]),
                keeps_same: true,
            }),
            published: Some(63_280),
            content: BABYLM_CONTENT.parse().ok(),
            needed: true,
            parquet: None,
        }],
    }
}

fn superglue() -> Vec<Set> {
    let research = "research";
    [
        ("boolq", "BoolQ", "yes-no questions", "CC BY-SA 3.0", [9427, 3270]),
        ("cb", "CB", "CommitmentBank", research, [250, 56]),
        ("copa", "COPA", "causes and effects", "BSD 2-clause", [400, 100]),
        ("multirc", "MultiRC", "reading, several answers right", research, [456, 83]),
        ("record", "ReCoRD", "cloze of news", "see its authors", [65_709, 7_481]),
        ("rte", "RTE", "textual entailment", research, [2490, 277]),
        ("wic", "WiC", "words in context", "CC BY-NC 4.0", [5428, 638]),
        ("wsc", "WSC", "Winograd schemas", "CC BY 4.0", [554, 104]),
        ("axb", "AX-b", "broad diagnostic", research, [0, 1104]),
        ("axg", "AX-g", "Winogender diagnostic", "MIT", [0, 356]),
    ]
    .into_iter()
    .map(superglue_set)
    .collect()
}

/// The content of SuperGLUE's files that several public copies agree on: the folder, the file in the store, the
/// content.
const SUPERGLUE_CONTENT: [(&str, &str, &str); 15] = [
    ("BoolQ", "validation.jsonl", "6dd03522a1a379c79e8533b69ad8669da97a80a65b0e4852c24defba97f1b306"),
    ("CB", "train.jsonl", "f1816f188612f1fc35deca5cf993bb465534c55825fe4c27e67808f5445649ac"),
    ("CB", "validation.jsonl", "6bf1f6b249da17ac11c2af3a6161bc5e8fbbe127d1c140b931822cd1f007d981"),
    ("COPA", "train.jsonl", "0b813768cc8b1dcfec2afe2501e697592466cb42da9aedaf7a678b1eae9b01ee"),
    ("COPA", "validation.jsonl", "8ec2842f82d37fe33cdf5cdf44b626d9cef64bf61136bc28c4fe187288e8ae35"),
    ("MultiRC", "train.jsonl", "ad682826573ea1a24feffb0be4198fadefc6f657b036129a1749f334c3866739"),
    ("MultiRC", "validation.jsonl", "c0e646996c00c110367a4a12ee2236eb695d28ad29f8aa3327ae4ca3c248cb43"),
    ("RTE", "train.jsonl", "bf72b4688487f90a5241c9e6bb8b1104fc947cd987d4d3565ba6852dc8cbeef8"),
    ("RTE", "validation.jsonl", "7722c23bd76aac23e52531f1ff1af9e1a590736de4e9421349fc54c063002562"),
    ("WiC", "train.jsonl", "fa9ad72f4f63d9ff665e0043680c4088ef5cd0c92812120c10d8b6b8eb8090d0"),
    ("WiC", "validation.jsonl", "b4a4cc445f7451e1f62f5846927dc95aa57ee4ba1b563d6163e48249aaf13cc7"),
    ("WSC", "train.jsonl", "5917cde0300a64f499431f55e16d1fe8477192147d36f1399c5cf41f56d88738"),
    ("WSC", "validation.jsonl", "2f9b5821368a2fb2faab79cab9b15cb38d09fb84a6f5dd23b97f0a7c0edde46c"),
    ("AX-b", "test.jsonl", "3dd9be86733cd3f5457860a05d26ebc9429bde02fdbf2ef78ce87dc79af42283"),
    ("AX-g", "test.jsonl", "0b35f32b8708476662d9d71d102fb47f67ac108c01833b239ea1bf4b52d66927"),
];

/// A task's name, its folder, what it is, its licence, and how many lines its two splits have.
type Row = (&'static str, &'static str, &'static str, &'static str, [u64; 2]);

fn superglue_set((name, folder, meaning, licence, published): Row) -> Set {
    let form = Form::Task(task(&tasks::SUPERGLUE, name));
    let is_diagnostic = published[0] == 0;
    let content = |name: &str| {
        let known = SUPERGLUE_CONTENT.iter().find(|(of, file, _)| (*of, *file) == (folder, name));
        known.and_then(|(.., content)| content.parse().ok())
    };
    let file = |name: &str, found: &[String], published: u64| SetFile {
        name: name.to_owned(),
        parts: vec![found.to_vec()],
        form: form.clone(),
        published: Some(published),
        content: content(name),
        needed: true,
        parquet: None,
    };
    let files = if is_diagnostic {
        vec![file("test.jsonl", &[format!("{folder}/{folder}.jsonl"), format!("{folder}.jsonl")], published[1])]
    } else {
        // The names of the store's own files, too, so that what was handed on comes in again.
        let train = ["train.jsonl", "train_partial.jsonl"].map(|name| format!("{folder}/{name}"));
        let validation = ["val.jsonl", "validation.jsonl"].map(|name| format!("{folder}/{name}"));
        vec![file("train.jsonl", &train, published[0]), file("validation.jsonl", &validation, published[1])]
    };
    Set {
        name: folder.to_lowercase(),
        meaning: format!("SuperGLUE's {folder}: {meaning} (arXiv:1905.00537)"),
        licence: licence.to_owned(),
        downloads: vec![download(format!("{SUPERGLUE}/{folder}.zip"))],
        files,
    }
}

fn task(tasks: &'static [Task], name: &str) -> &'static Task {
    tasks.iter().find(|task| task.name == name).expect("invariant: the catalogue names tasks that are known")
}

/// A task of BabyLM's, and how many lines its splits have; those of which that is not known are 0.
type Splits<'a> = (&'static str, &'a [(&'static str, u64)]);

fn babylm_superglue() -> Set {
    let (train, validation) = ("train", "validation");
    babylm_tasks(
        "babylm-superglue",
        "BoolQ, MultiRC, RTE and WSC",
        &[
            ("boolq", &[(train, 2072), (validation, 723)]),
            ("multirc", &[(train, 0), (validation, 913)]),
            ("rte", &[(train, 858), (validation, 99)]),
            ("wsc", &[(train, 487), (validation, 83)]),
        ],
    )
}

fn babylm_glue() -> Set {
    let (train, validation) = ("train", "validation");
    babylm_tasks(
        "babylm-glue",
        "CoLA, SST-2, MRPC, QQP, MNLI and QNLI",
        &[
            ("cola", &[(train, 8164), (validation, 1019)]),
            ("sst2", &[(train, 0), (validation, 508)]),
            ("mrpc", &[(train, 1579), (validation, 177)]),
            ("qqp", &[(train, 0), (validation, 0)]),
            ("mnli", &[(train, 0), ("validation_matched", 6562), ("validation_mismatched", 6284)]),
            ("qnli", &[(train, 0), (validation, 2286)]),
        ],
    )
}

/// Tasks of BabyLM's pipeline, a file for each split.
fn babylm_tasks(set: &str, names: &str, tasks: &[Splits<'_>]) -> Set {
    let file = |name: &'static str, split: &str, published: u64| SetFile {
        name: format!("{name}.{split}.jsonl"),
        parts: vec![
            ["superglue_filtered", "glue_filtered"]
                .iter()
                .flat_map(|folder| ["jsonl", "json"].map(|ending| format!("{folder}/{name}.{split}.{ending}")))
                .collect(),
        ],
        form: Form::Task(task(&BABYLM_TASKS, name)),
        published: (published > 0).then_some(published),
        content: None,
        // A part of the tasks is of use, too.
        needed: published > 0 && set == "babylm-superglue",
        parquet: None,
    };
    let files: Vec<SetFile> = tasks
        .iter()
        .flat_map(|(name, splits)| splits.iter().map(move |(split, published)| file(name, split, *published)))
        .collect();
    let downloads =
        files.iter().map(|file| download(format!("{BABYLM}/glue_filtered/{}", file.name.trim_end_matches('l'))));
    Set {
        name: set.to_owned(),
        meaning: format!("BabyLM 2023: {names} filtered to its vocabulary"),
        licence: "those of the tasks".to_owned(),
        downloads: downloads.collect(),
        files,
    }
}

fn stories(name: &str, meaning: &str, [train, validation]: [&str; 2]) -> Set {
    // The hub has V1 in both forms and V2 as text alone, so that nothing but the number of rows tells what Parquet
    // holds.
    let file = |name: &str, found: &str, rows: u64| SetFile {
        name: name.to_owned(),
        parts: vec![texts(&[found])],
        form: Form::Stories,
        published: None,
        content: None,
        needed: true,
        parquet: Some(Published { set: "tinystories", rows }),
    };
    Set {
        name: name.to_owned(),
        meaning: format!("{meaning} (arXiv:2305.07759), from text or Parquet"),
        licence: "CDLA-Sharing-1.0".to_owned(),
        downloads: [train, validation].map(|file| download(format!("{TINY_STORIES}/{file}"))).to_vec(),
        files: vec![file("train.txt", train, 2_119_719), file("validation.txt", validation, 21_990)],
    }
}
