//! JSON that is kept for a whole run: as its text, since a tree of it takes several times the room.

use std::borrow::Cow;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::seek;

/// A JSON value as its text. A recording holds thousands, and the judge looks at a few at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compact(Arc<str>);

impl Compact {
    /// A value as it is written.
    pub fn written(value: &impl Serialize) -> Self {
        // Nothing that is written here can fail: it is JSON already.
        let text = serde_json::to_string(value);
        text.map_or_else(|_| Self::default(), |text| Self(text.into()))
    }

    /// The value.
    pub fn read(&self) -> Value {
        // What wrote the text is the constructor above.
        serde_json::from_str(&self.0).unwrap_or_default()
    }

    /// What stands at a JSON pointer (RFC 6901).
    pub fn at(&self, pointer: &str) -> Option<Value> {
        seek::at(&self.0, pointer)
    }

    /// The string at a JSON pointer.
    pub fn text_at(&self, pointer: &str) -> Option<String> {
        match self.at(pointer)? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The natural number at a JSON pointer.
    pub fn number_at(&self, pointer: &str) -> Option<u64> {
        self.at(pointer)?.as_u64()
    }
}

impl Default for Compact {
    fn default() -> Self {
        Self("null".into())
    }
}

impl From<&Value> for Compact {
    fn from(value: &Value) -> Self {
        Self::written(value)
    }
}

impl From<Value> for Compact {
    fn from(value: Value) -> Self {
        Self::from(&value)
    }
}

impl Serialize for Compact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.read().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Compact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}

impl JsonSchema for Compact {
    fn schema_name() -> Cow<'static, str> {
        Value::schema_name()
    }

    fn inline_schema() -> bool {
        Value::inline_schema()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Value::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_put_in_comes_out_in_its_order() {
        let value = json!({"b": [1, 1.5, u64::MAX], "a": {"text": "\u{0}\"ä"}, "none": null});
        let kept = Compact::from(&value);
        assert_eq!(kept.read().to_string(), value.to_string());
        assert_eq!(serde_json::to_value(&kept).ok(), Some(value));
        assert_eq!(kept.at("/b/0"), Some(json!(1)));
        assert_eq!(kept.number_at("/b/2"), Some(u64::MAX));
        assert_eq!(kept.text_at("/a/text").as_deref(), Some("\u{0}\"ä"));
        assert_eq!((kept.text_at("/b"), kept.at("/c")), (None, None));
        assert_eq!(Compact::default().read(), Value::Null);
    }
}
