//! The valid name that somebody probably meant.

/// The candidate most like `given`, if it is like enough to be worth naming.
pub(crate) fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let given = given.to_lowercase();
    let mut best: Option<(f64, &str)> = None;
    for candidate in candidates {
        let likeness = strsim::jaro_winkler(&given, &candidate.to_lowercase());
        if likeness > 0.75 && best.is_none_or(|(most, _)| likeness > most) {
            best = Some((likeness, candidate));
        }
    }
    best.map(|(_, candidate)| candidate.to_owned())
}

/// The sentence part `; did you mean ...?`, or, with no near name, the list of what there is.
pub(crate) fn suggestion<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(name) = nearest(given, candidates.clone()) {
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
