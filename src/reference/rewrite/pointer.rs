//! Setting and removing a member of a JSON document by pointer (RFC 6901).

use serde_json::Value;

/// Sets a member; parents that are missing are made, and `-` or an index past the end appends.
pub fn set(document: &mut Value, pointer: &str, value: Value) {
    let mut place = document;
    for token in pointer.split('/').skip(1) {
        let name = token.replace("~1", "/").replace("~0", "~");
        if let Value::Array(elements) = place {
            let index = name.parse().unwrap_or(elements.len()).min(elements.len());
            if index == elements.len() {
                elements.push(Value::Null);
            }
            place = &mut elements[index];
            continue;
        }
        if !place.is_object() {
            *place = Value::Object(Default::default());
        }
        place = &mut place[name.as_str()];
    }
    *place = value;
}

/// Removes a member or an element, if it is there.
pub fn remove(document: &mut Value, pointer: &str) {
    let Some((parent, last)) = pointer.rsplit_once('/') else {
        return;
    };
    let name = last.replace("~1", "/").replace("~0", "~");
    match document.pointer_mut(parent) {
        Some(Value::Object(members)) => {
            members.shift_remove(&name);
        }
        Some(Value::Array(elements)) => {
            if let Some(index) = name.parse().ok().filter(|index| *index < elements.len()) {
                elements.remove(index);
            }
        }
        _ => (),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn elements_are_set_appended_and_removed() {
        let mut document = json!({"a/b": [1, 2]});
        set(&mut document, "/a~1b/0", json!("x"));
        set(&mut document, "/a~1b/-", json!(3));
        remove(&mut document, "/a~1b/1");
        remove(&mut document, "/a~1b/9");
        assert_eq!(document, json!({"a/b": ["x", 3]}));
        set(&mut document, "", json!(7));
        assert_eq!(document, json!(7));
    }
}
