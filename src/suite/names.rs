//! Near names: "did you mean".

/// The candidate most like `name`, in any case of letters, if one is like it at all; a name's last
/// part stands for the whole (`pkce` for `authorization/pkce`).
pub fn near<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let (likeness, found) = nearest(name, candidates)?;
    (likeness >= 0.6).then_some(found)
}

/// The candidate most like `name`, and how like it is.
fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<(f64, &'a str)> {
    let lower = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            let known = candidate.to_lowercase();
            let like = |text: &str| strsim::normalized_damerau_levenshtein(&lower, text);
            let tail = known.rsplit_once('/').map_or(0.0, |(_, tail)| like(tail));
            // Of two that are equally near, the one that is wholly so.
            (like(&known).max(tail - 0.01), candidate)
        })
        .max_by(|one, other| one.0.total_cmp(&other.0))
}

/// A mend for a name that nobody knows: the nearest one, else the choice.
pub fn suggest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    let found = nearest(name, candidates.clone());
    if let Some((0.6.., found)) = found {
        return format!("did you mean `{found}`?");
    }
    let all: Vec<&str> = candidates.into_iter().collect();
    match (all.as_slice(), found) {
        ([only], _) => format!("the only one known here is `{only}`"),
        (many, Some((_, found))) if many.len() > 24 => {
            format!("{} are known here; the nearest is `{found}`", many.len())
        }
        (few, Some(_)) => format!("known here: {}", few.join(", ")),
        (_, None) => "there is none to choose from".to_owned(),
    }
}

/// Whether `name` is lower-case words joined by hyphens.
pub(super) fn is_kebab(name: &str) -> bool {
    is_words(name, '-')
}

/// Whether `name` is lower-case words joined by underscores, as a template can read it.
pub(super) fn is_snake(name: &str) -> bool {
    is_words(name, '_') && !name.starts_with(|first: char| first.is_ascii_digit())
}

fn is_words(name: &str, joint: char) -> bool {
    name.split(joint).all(|word| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name() {
        assert_eq!(near("verifer", ["state", "verifier"]), Some("verifier"));
        assert_eq!(near("nothing-like-it", ["state", "verifier"]), None);
        let areas = ["authorization/pkce", "token/code"];
        for name in ["pkce", "PKCE", "Authorization/PKCE"] {
            assert_eq!(near(name, areas), Some("authorization/pkce"));
        }
    }

    #[test]
    fn the_choice_is_listed_where_nothing_is_near() {
        assert_eq!(suggest("zzz", ["one", "two"]), "known here: one, two");
        let many: Vec<String> = (0..30).map(|number| format!("name-{number}")).collect();
        let said = suggest("zzz-7", many.iter().map(String::as_str));
        assert_eq!(said, "30 are known here; the nearest is `name-7`");
        assert_eq!(suggest("zzz", []), "there is none to choose from");
    }

    #[test]
    fn kebab_and_snake_are_told_apart() {
        assert!(is_kebab("verifier-wrong") && !is_kebab("verifier_wrong") && !is_kebab("-a"));
        assert!(is_snake("code_grant") && !is_snake("code-grant") && !is_snake("2nd"));
    }
}
