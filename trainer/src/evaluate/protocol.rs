//! How a sentence gets a score.

use clap::ValueEnum;
use spec::model::Architecture;

/// A way to score a sentence; the higher score is the model's choice.
///
/// None divides by length, and none scores a special token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Protocol {
    /// A decoder's sum of ln p(token | `<s>` and the tokens before it): as it was trained.
    Bos,
    /// The same after `</s>`: BabyLM's evaluation (2023) begins so, with a token that no story began with in training.
    Eos,
    /// An encoder's pseudo-log-likelihood: the sum of ln p of each token where it alone is hidden (Salazar et al. 2020,
    /// arXiv:1910.14659).
    Pll,
    /// The same where the later tokens of the token's word are hidden too, so that a word that was cut does not give
    /// itself away (`PLL-word-l2r` of Kauf & Ivanova 2023, arXiv:2305.10588).
    #[value(name = "pll-word-l2r")]
    PllWord,
}

impl Protocol {
    /// The protocols of an architecture; the first is the one whose results bear the task's plain name.
    pub fn of(architecture: Architecture) -> [Self; 2] {
        match architecture {
            Architecture::GptNeo => [Self::Bos, Self::Eos],
            Architecture::Roberta => [Self::Pll, Self::PllWord],
        }
    }

    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bos => "bos",
            Self::Eos => "eos",
            Self::Pll => "pll",
            Self::PllWord => "pll-word-l2r",
        }
    }

    /// Whether it is the first of its architecture.
    pub fn is_first(self) -> bool {
        matches!(self, Self::Bos | Self::Pll)
    }
}
