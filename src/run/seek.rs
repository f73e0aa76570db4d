//! Reads one place of a JSON text and skips the rest: a tree of the whole would be thrown away.

use std::fmt;

use serde::Deserialize as _;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// What stands at a JSON pointer (RFC 6901).
pub(super) fn at(text: &str, pointer: &str) -> Option<Value> {
    let mut source = serde_json::Deserializer::from_str(text);
    Place(pointer).deserialize(&mut source).ok()?
}

/// The rest of a pointer, from the value at hand.
struct Place<'p>(&'p str);

impl<'p> Place<'p> {
    /// The next member's name, and the pointer from there.
    fn split(&self) -> Option<(String, Place<'p>)> {
        let rest = self.0.strip_prefix('/')?;
        let (name, _) = rest.split_once('/').unwrap_or((rest, ""));
        let after = Place(&rest[name.len()..]);
        Some((name.replace("~1", "/").replace("~0", "~"), after))
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Self::Value, D::Error> {
        match self.0.is_empty() {
            true => Value::deserialize(source).map(Some),
            false => source.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = Option<Value>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let wanted = self.split();
        let mut found = None;
        while let Some(name) = members.next_key::<std::borrow::Cow<'_, str>>()? {
            match &wanted {
                // Of members with one name the last counts, as in a tree.
                Some((wanted, after)) if *wanted == name => {
                    found = members.next_value_seed(Place(after.0))?;
                }
                _ => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let wanted = self.split().and_then(|(name, after)| {
            let is_number = name == "0" || !name.starts_with(['0', '+']);
            Some((name.parse::<usize>().ok().filter(|_| is_number)?, after))
        });
        let mut found = None;
        for index in 0.. {
            let item = match &wanted {
                Some((wanted, after)) if *wanted == index => {
                    let item = items.next_element_seed(Place(after.0))?;
                    item.map(|item| found = item)
                }
                _ => items.next_element::<IgnoredAny>()?.map(|_| ()),
            };
            if item.is_none() {
                break;
            }
        }
        Ok(found)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn finds_what_a_tree_finds() {
        let value = json!({
            "a": [{"b": 1}, null, true, [0, 1.5]], "a/b": {"~": "x"}, "": {"c": -1},
            "text": "\u{0}\"ä", "ä\n": 2, "0": "zero"
        });
        let text = value.to_string();
        for pointer in [
            "", "/a", "/a/0", "/a/0/b", "/a/0/b/c", "/a/00", "/a/+0", "/a/3/1", "/a/4", "/a/-",
            "/a~1b/~0", "//c", "/", "/text", "/text/0", "/ä\n", "/0", "/none", "a",
        ] {
            assert_eq!(
                at(&text, pointer).as_ref(),
                value.pointer(pointer),
                "{pointer}"
            );
        }
        assert_eq!(at("null", "/a"), None);
        assert_eq!(at(r#"{"a":1,"a":{"b":2}}"#, "/a/b"), Some(json!(2)));
    }
}
