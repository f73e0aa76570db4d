//! What a value in a step's result must be.
//!
//! A scalar stands for equality; a map holds one or more conditions, all of which must hold.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Conditions on one value. Strings are templates.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Predicate(pub Conditions);

/// The conditions of a [`Predicate`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Conditions {
    /// Equal to this value: code point by code point, number by value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<Value>,
    /// Not equal to this value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not: Option<Value>,
    /// Equal to one of these; a template may give the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub one_of: Option<Value>,
    /// Equal to one of these, letter case aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub one_of_any_case: Option<Value>,
    /// There at all (true), or not (false).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub present: Option<bool>,
    /// Absent is fine; if it is there, the other conditions hold.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Its kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is: Option<Kind>,
    /// A string that this regular expression matches somewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matches: Option<String>,
    /// A list with this element, or a string with this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<Value>,
    /// A list without this element, or a string without this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacks: Option<Value>,
    /// A space-separated string (a scope) or a comma-separated header with this word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub word: Option<String>,
    /// A space-separated string without this word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without_word: Option<String>,
    /// A number not smaller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Value>,
    /// A number not greater.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Value>,
    /// A string of at least so many characters, or a list of at least so many elements.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length_at_least: Option<u64>,
    /// A list whose elements all differ.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unique: bool,
    /// Every element of the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub each: Option<Box<Predicate>>,
    /// At least one element of the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub some: Option<Box<Predicate>>,
    /// A member of each object or list element, by path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<indexmap::IndexMap<String, Predicate>>,
    /// Words for people, where the conditions alone would puzzle them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted: Option<String>,
}

/// Kinds of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A JSON string.
    String,
    /// A JSON string with at least one character.
    NonEmptyString,
    /// A JSON number.
    Number,
    /// A JSON number without a fraction.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A JSON array.
    Array,
    /// A JSON array whose elements are strings.
    ArrayOfStrings,
    /// A JSON object.
    Object,
    /// An absolute URL with a host.
    AbsoluteUrl,
    /// An absolute URL with a host, without a fragment, whose scheme is `https`; on a loopback
    /// host `http` stands for it.
    SecureUrl,
    /// A [`Kind::SecureUrl`] without a query: an issuer (RFC 8414 section 2).
    IssuerUrl,
    /// Scope tokens parted by single spaces (RFC 6749 section 3.3).
    Scope,
    /// One scope token.
    ScopeToken,
    /// A token68 or other printable string without spaces (RFC 6749 appendix A.12).
    PrintableString,
    /// A public JSON Web Key without private or symmetric members (RFC 7517, RFC 7518 6).
    PublicJwk,
    /// A JSON Web Key with the members that its `kty` needs; any other `kty` is taken.
    CompleteJwk,
    /// A JSON Web Key that is no RSA key of less than 2048 bits (RFC 7518 section 3.3).
    StrongJwk,
}

impl<'de> Deserialize<'de> for Predicate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PredicateVisitor)
    }
}

struct PredicateVisitor;

impl PredicateVisitor {
    fn equal<E>(value: Value) -> Result<Predicate, E> {
        Ok(Predicate(Conditions {
            equals: Some(value),
            ..Conditions::default()
        }))
    }
}

impl<'de> Visitor<'de> for PredicateVisitor {
    type Value = Predicate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value to equal, or a map of conditions")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Predicate, E> {
        Self::equal(value.into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Predicate, E> {
        Self::equal(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Predicate, E> {
        Self::equal(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Predicate, E> {
        Self::equal(value.into())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Predicate, E> {
        Self::equal(value.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Predicate, A::Error> {
        Conditions::deserialize(MapAccessDeserializer::new(map)).map(Predicate)
    }
}

impl JsonSchema for Predicate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Predicate".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let conditions = generator.subschema_for::<Conditions>();
        json_schema!({
            "anyOf": [{ "type": ["string", "number", "boolean"] }, conditions]
        })
    }
}
