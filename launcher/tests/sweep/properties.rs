//! What holds for any text and any design.

use std::path::Path;

use launcher::sweep::Sweep;
use proptest::prelude::*;

use crate::support::{load, small};

/// Pieces that bring a random text deep into the reader more often than random characters do.
const PIECES: [&str; 36] = [
    "[sweep]\n",
    "name = \"a\"\n",
    "seeds = 2\n",
    "seeds = { from = 1, count = 2 }\n",
    "[factors]\n",
    "[[zip]]\n",
    "[[exclude]]\n",
    "[[include]]\n",
    "[[override]]\n",
    "activation = [\"gelu\", \"relu\"]\n",
    "activation = \"gelu\"\n",
    "architecture = [\"roberta\"]\n",
    "\"model.heads\" = [1, 2]\n",
    "model.heads = [4, 4]\n",
    "when = { activation = \"gelu\" }\n",
    "set = { \"train.clip\" = 1 }\n",
    "set.train.steps = 0\n",
    "[model]\n",
    "[model.kan]\n",
    "order = 3\n",
    "[data]\n",
    "corpus = \"stories.txt\"\n",
    "corpus = []\n",
    "[train]\n",
    "[trainer]\n",
    "command = [\"a\", \"{seed}\", \"{x}\"]\n",
    "[params]\n",
    "x = [[1], { y = 2 }]\n",
    "[analysis]\n",
    "baseline = { x = 1 }\n",
    "primary = \"é\"\n",
    "alpha = nan\n",
    "= \n",
    "\"\"\"",
    "x = 1979-05-27\n",
    "\u{feff}ß = '",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}", set in "\\PC{0,30}") {
        let base = Path::new("/nonexistent");
        if let Err(error) = Sweep::parse(text, Path::new("any.toml"), base, &[set]) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn no_pieces_of_sweep_files_make_the_reader_panic(
        pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..24),
        set in prop::sample::select(vec!["sweep.seeds=1", "activation=gelu", "train.clip=x", "params.x=3", "factors.x=[1]", "="]),
    ) {
        let text: String = pieces.concat();
        let base = Path::new("/nonexistent");
        match Sweep::parse(text, Path::new("any.toml"), base, &[set.to_owned()]) {
            Ok(sweep) => prop_assert!(!sweep.runs.is_empty()),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn ids_do_not_know_the_order_of_anything(
        order in Just(["model.layers = 3", "model.heads = 2", "train.clip = 2.5", "train.steps = 7", "model.dropout = 0.25"]).prop_shuffle(),
        levels in Just(["relu", "gelu", "kan", "geglu"]).prop_shuffle(),
        taken in 1_usize..4,
        comment in "[a-z ]{0,20}",
    ) {
        let plain = "[factors]\nactivation = [\"relu\", \"gelu\", \"kan\", \"geglu\"]\n\
            [model]\nlayers = 3\nheads = 2\ndropout = 0.25\n[train]\nclip = 2.5\nsteps = 7\n";
        let all = load(&small(plain), &[]).unwrap();
        let lines: Vec<String> = order.iter().map(|line| format!("{line} # {comment}\n")).collect();
        let levels: Vec<String> = levels[..taken].iter().map(|level| format!("{level:?}")).collect();
        let text = small("").replace("[sweep]", &format!("{}[factors]\nactivation = [{}]\n[sweep]", lines.concat(), levels.join(", ")));
        let some = load(&text, &[]).unwrap();
        prop_assert_eq!(some.runs.len(), taken);
        for run in &some.runs {
            let twin = all.runs.iter().find(|other| other.levels == run.levels).unwrap();
            prop_assert_eq!(twin.id, run.id);
        }
    }
}
