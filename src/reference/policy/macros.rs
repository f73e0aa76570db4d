//! Two macros that keep the policy readable: a [`section!`] is a struct whose every field states its
//! right value beside it, a [`decision!`] is an enum whose `#[default]` variant is the right one.

/// Declares a struct of the policy; `field: Type = right value`.
macro_rules! section {
    ($(#[$meta:meta])* pub struct $name:ident {
        $( $(#[$field_meta:meta])* $field:ident : $type:ty = $right:expr ),* $(,)?
    }) => {
        $(#[$meta])*
        #[derive(
            Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $type, )*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $right, )* }
            }
        }
    };
}

/// Declares an enum of the policy, written in snake case; `#[default]` marks the right variant.
macro_rules! decision {
    ($(#[$meta:meta])* pub enum $name:ident { $($body:tt)* }) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($body)* }
    };
}

pub(crate) use {decision, section};
