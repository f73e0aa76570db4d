//! Request parameters as they travel, and the changes that a mutation makes to them.

use serde_json::{Map, Value};

use crate::suite::Params;

/// Parameters in sending order; a name may occur several times.
pub type Pairs = Vec<(String, String)>;

/// Rendered parameters as pairs: null is left out, a list is sent once for each element.
pub fn pairs(rendered: &Params) -> Pairs {
    let mut out = Pairs::new();
    for (name, value) in rendered {
        push(&mut out, name, value);
    }
    out
}

fn push(out: &mut Pairs, name: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Array(items) => items.iter().for_each(|item| push(out, name, item)),
        Value::String(text) => out.push((name.to_owned(), text.clone())),
        other => out.push((name.to_owned(), other.to_string())),
    }
}

/// A rendered mutation's changes to parameters.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Replace, or add.
    pub set: Params,
    /// Leave out.
    pub remove: Vec<String>,
    /// Send a second time.
    pub repeat: Params,
    /// Text to add at the end.
    pub append: Params,
}

impl Changes {
    /// Applies the changes to pairs.
    pub fn to_pairs(&self, list: &mut Pairs) {
        list.retain(|(name, _)| !self.remove.contains(name));
        for (name, value) in &self.set {
            let at = list.iter().position(|(known, _)| known == name);
            list.retain(|(known, _)| known != name);
            let mut replacement = Pairs::new();
            push(&mut replacement, name, value);
            let at = at.unwrap_or(list.len()).min(list.len());
            list.splice(at..at, replacement);
        }
        for (name, value) in list.iter_mut() {
            if let Some(Value::String(text)) = self.append.get(name) {
                value.push_str(text);
            }
        }
        for (name, value) in &self.repeat {
            push(list, name, value);
        }
    }

    /// Applies the changes to the members of a JSON document.
    pub fn to_members(&self, members: &mut Map<String, Value>) {
        for name in &self.remove {
            members.shift_remove(name);
        }
        for (name, value) in &self.set {
            if value.is_null() {
                members.shift_remove(name);
            } else {
                members.insert(name.clone(), value.clone());
            }
        }
        for (name, text) in &self.append {
            if let (Some(Value::String(value)), Value::String(text)) = (members.get_mut(name), text)
            {
                value.push_str(text);
            }
        }
    }
}

/// `application/x-www-form-urlencoded`.
pub fn encode(list: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(list)
        .finish()
}

/// `url` with `list` added to its query, before a fragment if there is one.
pub fn with_query(url: &str, list: &[(String, String)]) -> String {
    if list.is_empty() {
        return url.to_owned();
    }
    let (address, fragment) = url.find('#').map_or((url, ""), |at| url.split_at(at));
    let joint = match address.find('?') {
        None => "?",
        Some(at) if at + 1 == address.len() || address.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{address}{joint}{}{fragment}", encode(list))
}

/// Pairs as a JSON object for `sent`; repeated names become lists.
pub fn describe(list: &[(String, String)]) -> Value {
    let mut map = Map::new();
    for (name, value) in list {
        let value = Value::String(value.clone());
        match map.get_mut(name) {
            None => {
                map.insert(name.clone(), value);
            }
            Some(Value::Array(items)) => items.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    Value::Object(map)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn params(value: &Value) -> Params {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn null_is_left_out_and_a_list_is_repeated() {
        let list = pairs(&params(&json!({"a": null, "b": ["x", "y"], "c": ""})));
        assert_eq!(encode(&list), "b=x&b=y&c=");
    }

    #[test]
    fn changes_keep_the_place_of_what_they_replace() {
        let mut list = pairs(&params(&json!({"a": "1", "b": "2", "c": "3"})));
        let changes = Changes {
            set: params(&json!({"a": "9", "d": "4"})),
            remove: vec!["b".to_owned()],
            repeat: params(&json!({"c": "5"})),
            append: params(&json!({"c": "!"})),
        };
        changes.to_pairs(&mut list);
        assert_eq!(encode(&list), "a=9&c=3%21&d=4&c=5");
    }

    #[test]
    fn a_query_goes_before_the_fragment_and_after_a_query() {
        let list = [("a".to_owned(), "b c".to_owned())];
        assert_eq!(
            with_query("https://x/y?z=1#f", &list),
            "https://x/y?z=1&a=b+c#f"
        );
        assert_eq!(with_query("https://x/y", &list), "https://x/y?a=b+c");
    }
}
