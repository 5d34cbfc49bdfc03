//! A sweep file to begin with, made from the table of settings: every key with its default, range and meaning.

use std::fmt::Write as _;

use spec::setting::{SECTIONS, Setting};

use super::header;
use super::keys::{ANALYSIS, RETRY};

/// Columns of a comment.
const LINE: usize = 120;

const HEAD: &str = "\
# A sweep: every combination of the factors' levels, once with every seed.
# Keys behind a `#` show their defaults. `seedbed check` says whether the file is right, `seedbed plan` what it would run.

[sweep]
";

const DESIGN: &str = r#"
# Axes of the design: any key of [model], [data], [train] or [evaluate] with a list of levels.
[factors]
architecture = ["gpt-neo", "roberta"]
activation = ["relu", "gelu", "silu"]
# train.learning-rate = [1e-3, 5e-4]

# Factors that move together: as many levels each.
# [[zip]]
# "model.hidden-size" = [256, 512]
# "model.heads" = [4, 8]

# Combinations to leave out; a list means any of its levels.
# [[exclude]]
# architecture = "roberta"
# activation = "silu"

# Single runs beside the combinations: a level for every factor, seeds and settings if they need their own.
# [[include]]
# architecture = "gpt-neo"
# activation = "kan"
# seeds = [0, 1]
# set = { "model.kan.order" = 3 }

# Settings for the runs that match `when`; later ones win.
# [[override]]
# when = { activation = "relu" }
# set = { "train.learning-rate" = 1e-3, "resources.time" = "2h" }
"#;

const OTHER_PROGRAM: &str = r#"
# Another program in place of the built-in trainer; it writes results.csv (metric,value,n) into its working directory.
# [model], [data], [train] and [evaluate] then go, and [analysis] needs a primary metric.
# [trainer]
# command = ["python", "train.py", "--activation={activation}", "--seed={seed}"]
# [params]
# depth = 2
"#;

/// A commented sweep file; `stem` becomes the sweep's name where it can be one.
pub fn outline(stem: &str) -> String {
    let name = if header::is_name(stem) { stem } else { "sweep" };
    let mut text = HEAD.to_owned();
    let _ = writeln!(text, "# Names the sweep's directory: letters, digits, `-`, `_` and `.`\nname = \"{name}\"");
    text += "# What the sweep is about\n# description = \"\"\n";
    text += "# A count, a list such as [0, 1, 42], or { from = 100, count = 20 }\nseeds = 3\n";
    text += &entry(&header::PRESET);
    text += DESIGN;
    for section in SECTIONS {
        let _ = write!(text, "\n# {}.\n[{}]\n", section.meaning, section.name);
        for setting in section.settings {
            text += &entry(setting);
        }
    }
    text += "\n# How often a run is started again, by what ended it. A diverged run is a result and never retried.\n[retry]\n";
    text.extend(RETRY.iter().map(entry));
    text += "\n# What will be compared; frozen before the first run.\n[analysis]\n";
    text += "# The level that others are compared with: of the activation, or of { factor = level }\n";
    text += "# Default: \"gelu\" where it is a level, else the first level\n# baseline = \"gelu\"\n";
    text.extend(ANALYSIS.iter().map(entry));
    text += "# Questions that the report answers by name: pairs of levels, each pair by itself and all pooled\n";
    text += "# questions = { \"learnable against static\" = [[\"prelu\", \"relu\"], [\"swish\", \"silu\"]] }\n";
    text + OTHER_PROGRAM
}

/// The lines of one setting: meaning, range, and the key with its default.
fn entry(setting: &Setting) -> String {
    let key = setting.key.split_once('.').map_or(setting.key, |(_, key)| key);
    let head = comment(&format!("{}: {}", setting.meaning, setting.kind.expected()));
    match (setting.key, setting.default.value()) {
        ("data.corpus", _) => format!("{head}{key} = \"stories.txt\"\n"),
        // These are axes of the design above.
        ("model.architecture" | "model.activation", Some(value)) => {
            format!("{head}# {key} = {}  # or a factor\n", value.literal())
        }
        (_, Some(value)) => format!("{head}# {key} = {}\n", value.literal()),
        (_, None) => format!("{head}# {key}: default {}\n", setting.default_text()),
    }
}

/// The words as comment lines, as many as they need.
fn comment(text: &str) -> String {
    let mut lines = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let width = word.chars().count() + 1;
        if column == 0 || column + width > LINE {
            lines += if column == 0 { "#" } else { "\n#" };
            column = 1;
        }
        lines.push(' ');
        lines += word;
        column += width;
    }
    lines + "\n"
}
