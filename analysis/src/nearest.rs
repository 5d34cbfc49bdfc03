//! The valid name that somebody probably meant, in a sentence.

use spec::setting::closest;

/// The sentence part `; did you mean ...?`, or, with no near name, the list of what there is.
pub(crate) fn suggestion<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(name) = closest(given, candidates.clone()) {
        return format!("; did you mean `{name}`?");
    }
    let names: Vec<String> = candidates.into_iter().map(|name| format!("`{name}`")).collect();
    match names.len() {
        0 => "; there are none".to_owned(),
        1..=12 => format!("; there is {}", names.join(", ")),
        many => format!("; there are {many}, among them {}", names[..12].join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_finds_its_name_and_a_stranger_finds_the_list() {
        assert_eq!(suggestion("acuracy", ["loss", "accuracy"]), "; did you mean `accuracy`?");
        assert_eq!(suggestion("zzz", ["loss", "seed"]), "; there is `loss`, `seed`");
        assert_eq!(suggestion("zzz", []), "; there are none");
    }
}
