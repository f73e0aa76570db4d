//! Slash paths into a step's result document: JSON Pointer (RFC 6901) without the leading slash,
//! and `*` for every element of a list or member of an object.

use serde_json::Value;

/// Where the path leads: one place, or one for each element that a `*` stands for. A place that
/// is not there is `None`.
pub(super) fn resolve<'v>(root: &'v Value, path: &str) -> Vec<(String, Option<&'v Value>)> {
    let mut found = vec![(String::new(), Some(root))];
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        found = found
            .into_iter()
            .flat_map(|(at, value)| step(&at, value, segment))
            .collect();
    }
    found
}

/// The path of `segment` below `at`.
pub(super) fn join(at: &str, segment: &str) -> String {
    if at.is_empty() {
        segment.to_owned()
    } else if segment.is_empty() {
        at.to_owned()
    } else {
        format!("{at}/{segment}")
    }
}

fn step<'v>(at: &str, value: Option<&'v Value>, segment: &str) -> Vec<(String, Option<&'v Value>)> {
    let one = |value| vec![(join(at, segment), value)];
    match value {
        Some(Value::Object(members))
            if segment == "*" && !members.is_empty() && !members.contains_key("*") =>
        {
            members
                .iter()
                .map(|(name, member)| (join(at, name), Some(member)))
                .collect()
        }
        Some(Value::Object(members)) => {
            one(members.get(&segment.replace("~1", "/").replace("~0", "~")))
        }
        // A star over nothing is one absent place, so that it cannot hold by emptiness.
        Some(Value::Array(items)) if segment == "*" && !items.is_empty() => items
            .iter()
            .enumerate()
            .map(|(index, item)| (join(at, &index.to_string()), Some(item)))
            .collect(),
        Some(Value::Array(items)) => one(segment
            .parse::<usize>()
            .ok()
            .and_then(|index| items.get(index))),
        _ => one(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn leads_through_objects_lists_and_escapes() {
        let root = json!({"json": {"https://a/b~c": [1, {"x": 2}]}});
        let only = |path| {
            let found = resolve(&root, path);
            assert_eq!(found.len(), 1, "{path}");
            found[0].1.cloned()
        };
        assert_eq!(only("json/https:~1~1a~1b~0c/0"), Some(json!(1)));
        assert_eq!(only("json/https:~1~1a~1b~0c/1/x"), Some(json!(2)));
        assert_eq!(only("json/https:~1~1a~1b~0c/9"), None);
        assert_eq!(only("json/gone/deeper"), None);
    }

    #[test]
    fn a_star_is_every_element_and_never_none() {
        let root = json!({"keys": [{"kid": "a"}, {}], "none": []});
        let paths: Vec<_> = resolve(&root, "keys/*/kid");
        assert_eq!(paths[0], ("keys/0/kid".to_owned(), Some(&json!("a"))));
        assert_eq!(paths[1], ("keys/1/kid".to_owned(), None));
        assert_eq!(resolve(&root, "none/*"), [("none/*".to_owned(), None)]);
        let root = json!({"asked": {"a": {"mode": "url"}}});
        let paths = resolve(&root, "asked/*/mode");
        assert_eq!(paths, [("asked/a/mode".to_owned(), Some(&json!("url")))]);
    }
}
