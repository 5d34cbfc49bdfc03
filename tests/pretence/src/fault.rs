//! What goes wrong with the answer of a command, and when.

use serde::{Deserialize, Serialize};

/// Which calls of a command a fault hits, counted from the moment it was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum When {
    /// Every one.
    Always,
    /// This one; the next is 1.
    Nth(usize),
    /// So many, from the next on.
    Times(usize),
}

/// A fault that was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The command that it hits.
    pub command: String,
    /// Which calls.
    pub when: When,
    /// How many there were.
    pub calls: usize,
    /// What goes wrong.
    pub fault: Fault,
}

/// Whether the command does what it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// It does.
    Done,
    /// It does not.
    Undone,
    /// A submission is still on its way and arrives when the test says so.
    Delayed,
}

/// What comes of its output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Printed {
    /// All.
    Whole,
    /// Nothing.
    Nothing,
    /// It is cut in the middle of its last line.
    CutInLine,
    /// It is cut behind so many lines.
    CutBehind(usize),
    /// All, between what a site has to say.
    BetweenBanners,
    /// All, behind what a site has to say.
    BehindBanner,
}

/// How the command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// As it would have.
    Own,
    /// With this exit code.
    Exit(u8),
    /// By a signal.
    Killed,
    /// Not before somebody ends it.
    Hangs,
    /// Whoever called it is killed first.
    CallerKilled,
}

/// What goes wrong with one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Whether it does what it is told.
    pub effect: Effect,
    /// What comes of its output.
    pub printed: Printed,
    /// What it says on standard error.
    pub said: String,
    /// How it ends.
    pub end: End,
}

/// What a site greets with; a number on a line of its own is the worst of it.
pub(crate) const BANNER: &str =
    "*** Welcome | scratch is purged on Sundays ***\nLast login: Mon Nov 23 09:12:44 2026\n";

impl Fault {
    /// Slurm will not, and says so with exit code 1.
    pub fn refuses(said: &str) -> Self {
        Self { effect: Effect::Undone, printed: Printed::Nothing, said: said.to_owned(), end: End::Exit(1) }
    }

    /// Slurm does what it was told, and nobody hears of it.
    pub fn loses_the_reply(said: &str) -> Self {
        Self { effect: Effect::Done, ..Self::refuses(said) }
    }

    /// The answer is printed so, and all else is well.
    pub fn prints(printed: Printed) -> Self {
        Self { effect: Effect::Done, printed, said: String::new(), end: End::Own }
    }

    /// The same, but it ends so.
    #[must_use]
    pub fn ending(self, end: End) -> Self {
        Self { end, ..self }
    }

    /// The output as it is printed.
    pub fn cut(&self, whole: &str) -> String {
        match self.printed {
            Printed::Whole => whole.to_owned(),
            Printed::Nothing => String::new(),
            Printed::CutInLine => {
                let last = whole.trim_end().rfind('\n').map_or(0, |end| end + 1);
                let middle = last + (whole.trim_end().len() - last) / 2;
                whole[..middle].to_owned()
            }
            Printed::CutBehind(lines) => whole.split_inclusive('\n').take(lines).collect(),
            Printed::BetweenBanners => format!("{BANNER}{whole}--- have a nice day ---\n"),
            Printed::BehindBanner => format!("{BANNER}{whole}"),
        }
    }
}
