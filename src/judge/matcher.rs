//! Evaluates conditions on one value. They are declared in `suite`, under the same names.

use serde_json::Value;

use super::condition::{self, Held};
use super::path::{join, resolve};
use super::scope::Scope;
use super::words;
use crate::suite::{Conditions, Predicate};

/// A value that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Miss {
    /// Where it stands.
    pub path: String,
    /// What it should be.
    pub wanted: String,
    /// What it is.
    pub came: String,
}

/// What the conditions came to. They hold only if both lists are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tested {
    /// Values that are not as they should be.
    pub missed: Vec<Miss>,
    /// Conditions that cannot be decided.
    pub open: Vec<String>,
}

/// Tests a predicate on the place where `path` leads in `root`.
pub(super) fn test(predicate: &Predicate, root: &Value, path: &str, scope: &Scope<'_>) -> Tested {
    let mut tester = Tester {
        scope,
        is_header: path.starts_with("headers/"),
        tested: Tested::default(),
    };
    for (path, value) in resolve(root, path) {
        tester.predicate(predicate, &path, value);
    }
    tester.tested
}

/// What stands at a [`Miss::path`].
pub(super) fn value_at<'v>(root: &'v Value, path: &str) -> Option<&'v Value> {
    resolve(root, path).into_iter().find_map(|(_, value)| value)
}

struct Tester<'s> {
    scope: &'s Scope<'s>,
    is_header: bool,
    tested: Tested,
}

impl Tester<'_> {
    fn predicate(&mut self, predicate: &Predicate, path: &str, value: Option<&Value>) {
        let conditions = &predicate.0;
        let known = self.tested.missed.len();
        self.conditions(predicate, path, value);
        if let Some(wanted) = &conditions.wanted {
            for miss in &mut self.tested.missed[known..] {
                miss.wanted.clone_from(wanted);
            }
        }
    }

    /// The predicate in words, its templates rendered as far as they can be.
    fn words(&self, predicate: &Predicate) -> String {
        words::of_predicate(&self.rendered(predicate))
    }

    fn rendered(&self, predicate: &Predicate) -> Predicate {
        let value = |value: &Option<Value>| {
            let value = value.as_ref()?;
            Some(self.scope.render(value).unwrap_or_else(|_| value.clone()))
        };
        let text = |text: &Option<String>| {
            let text = text.as_ref()?;
            Some(
                self.scope
                    .render_text(text)
                    .unwrap_or_else(|_| text.clone()),
            )
        };
        let inner = |inner: &Option<Box<Predicate>>| {
            inner.as_ref().map(|inner| Box::new(self.rendered(inner)))
        };
        let conditions = &predicate.0;
        Predicate(Conditions {
            equals: value(&conditions.equals),
            not: value(&conditions.not),
            one_of: value(&conditions.one_of),
            one_of_any_case: value(&conditions.one_of_any_case),
            contains: value(&conditions.contains),
            lacks: value(&conditions.lacks),
            at_least: value(&conditions.at_least),
            at_most: value(&conditions.at_most),
            matches: text(&conditions.matches),
            word: text(&conditions.word),
            without_word: text(&conditions.without_word),
            each: inner(&conditions.each),
            some: inner(&conditions.some),
            members: conditions.members.as_ref().map(|members| {
                let members = members.iter();
                members
                    .map(|(path, it)| (path.clone(), self.rendered(it)))
                    .collect()
            }),
            ..conditions.clone()
        })
    }

    fn conditions(&mut self, predicate: &Predicate, path: &str, value: Option<&Value>) {
        let conditions = &predicate.0;
        let there = value.is_some_and(|value| !value.is_null());
        match (conditions.present, value) {
            (Some(false), _) if there => {
                return self.miss(path, "absent".to_owned(), words::came(value));
            }
            (Some(true), _) if !there => {
                return self.miss(path, self.words(predicate), words::came(value));
            }
            (Some(false), _) => return,
            (_, None) if conditions.optional => return,
            (_, None) => {
                return self.miss(path, self.words(predicate), words::came(None));
            }
            (_, Some(_)) => {}
        }
        let Some(value) = value else { return };
        for held in self.simple(conditions, value) {
            match held {
                Held::Yes => {}
                Held::No(wanted) => self.miss(path, wanted, words::came(Some(value))),
                Held::NoFor(wanted, why) => {
                    let came = format!("{}: {why}", words::came(Some(value)));
                    self.miss(path, wanted, came);
                }
                Held::Open(reason) => self.open(path, &reason),
            }
        }
        self.nested(conditions, path, value);
    }

    fn miss(&mut self, path: &str, wanted: String, came: String) {
        self.tested.missed.push(Miss {
            path: path.to_owned(),
            wanted,
            came,
        });
    }

    fn open(&mut self, path: &str, reason: &str) {
        self.tested.open.push(format!("{path}: {reason}"));
    }

    /// The conditions that look at the value as a whole.
    fn simple(&self, conditions: &Conditions, value: &Value) -> Vec<Held> {
        let mut all = Vec::new();
        let mut with = |wanted: &Option<Value>, test: &dyn Fn(&Value) -> Held| {
            all.extend(wanted.as_ref().map(|wanted| {
                self.scope
                    .render(wanted)
                    .map_or_else(Held::Open, |wanted| test(&wanted))
            }));
        };
        with(&conditions.equals, &|wanted| {
            condition::equals(wanted, value)
        });
        with(&conditions.not, &|wanted| condition::differs(wanted, value));
        with(&conditions.one_of, &|wanted| {
            condition::one_of(wanted, value, false)
        });
        with(&conditions.one_of_any_case, &|wanted| {
            condition::one_of(wanted, value, true)
        });
        with(&conditions.contains, &|wanted| {
            condition::contains(wanted, value, true)
        });
        with(&conditions.lacks, &|wanted| {
            condition::contains(wanted, value, false)
        });
        with(&conditions.at_least, &|wanted| {
            condition::bound(wanted, value, "at least", f64::ge)
        });
        with(&conditions.at_most, &|wanted| {
            condition::bound(wanted, value, "at most", f64::le)
        });
        all.extend(self.textual(conditions, value));
        all
    }

    fn textual(&self, conditions: &Conditions, value: &Value) -> Vec<Held> {
        let mut all = Vec::new();
        let mut with = |wanted: &Option<String>, test: &dyn Fn(&str) -> Held| {
            all.extend(wanted.as_ref().map(|wanted| {
                self.scope
                    .render_text(wanted)
                    .map_or_else(Held::Open, |wanted| test(&wanted))
            }));
        };
        with(&conditions.matches, &|wanted| {
            condition::matches(wanted, value)
        });
        with(&conditions.word, &|wanted| {
            condition::word(wanted, value, true, self.is_header)
        });
        with(&conditions.without_word, &|wanted| {
            condition::word(wanted, value, false, self.is_header)
        });
        all.extend(
            conditions
                .length_at_least
                .map(|least| condition::length(least, value)),
        );
        if conditions.unique {
            all.push(condition::unique(value));
        }
        all.extend(conditions.is.map(|kind| condition::is(kind, value)));
        all
    }

    /// The conditions that look inside the value.
    fn nested(&mut self, conditions: &Conditions, path: &str, value: &Value) {
        if let Some(each) = &conditions.each {
            match value.as_array() {
                Some(items) => {
                    for (index, item) in items.iter().enumerate() {
                        self.predicate(each, &join(path, &index.to_string()), Some(item));
                    }
                }
                None => self.miss(path, "a list".to_owned(), words::came(Some(value))),
            }
        }
        if let Some(some) = &conditions.some {
            self.some(some, path, value);
        }
        let Some(members) = &conditions.members else {
            return;
        };
        let objects: Vec<(String, &Value)> = match value {
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(index, item)| (join(path, &index.to_string()), item))
                .collect(),
            _ => vec![(path.to_owned(), value)],
        };
        for (at, object) in objects {
            for (member, predicate) in members {
                for (below, value) in resolve(object, member) {
                    self.predicate(predicate, &join(&at, &below), value);
                }
            }
        }
    }

    fn some(&mut self, some: &Predicate, path: &str, value: &Value) {
        let mut open = Vec::new();
        for item in value.as_array().into_iter().flatten() {
            let mut alone = Tester {
                scope: self.scope,
                is_header: self.is_header,
                tested: Tested::default(),
            };
            alone.predicate(some, path, Some(item));
            match (alone.tested.missed.is_empty(), alone.tested.open.is_empty()) {
                (true, true) => return,
                (true, false) => open.extend(alone.tested.open),
                (false, _) => {}
            }
        }
        if open.is_empty() {
            let wanted = format!("at least one element: {}", self.words(some));
            self.miss(path, wanted, words::came(Some(value)));
        } else {
            self.tested.open.extend(open);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::sample::Sample;
    use serde_json::json;

    fn tested(predicate: Value, root: &Value, path: &str) -> Tested {
        let mut parts = Sample::verifier_wrong().parts();
        let steps = &mut parts.recording.runs.get_mut("run").expect("the run").steps;
        steps[0].result = json!({"code": "[code:8:0123456789ab]"}).into();
        steps[1].result = json!({"status": 400}).into();
        let row = serde_json::Map::new();
        let run = &parts.recording.runs["run"];
        let scope = Scope::of(&parts.recording, run, None, &row, "token");
        let predicate = serde_json::from_value(predicate).expect("a predicate");
        test(&predicate, root, path, &scope)
    }

    fn holds(predicate: Value, root: &Value, path: &str) -> bool {
        tested(predicate, root, path) == Tested::default()
    }

    #[test]
    fn what_is_absent_holds_only_where_that_is_said() {
        let root = json!({"null": null});
        for path in ["gone", "null"] {
            assert!(holds(json!({"present": false}), &root, path));
            assert!(!holds(json!({"present": true}), &root, path));
        }
        assert!(holds(
            json!({"optional": true, "is": "string"}),
            &root,
            "gone"
        ));
        assert!(!holds(
            json!({"optional": true, "is": "string"}),
            &root,
            "null"
        ));
        for predicate in [
            json!({"not": 1}),
            json!({"lacks": "x"}),
            json!({"without_word": "x"}),
            json!("x"),
        ] {
            assert!(!holds(predicate.clone(), &root, "gone"), "{predicate}");
        }
        assert_eq!(tested(json!(1), &root, "gone").missed[0].came, "absent");
    }

    #[test]
    fn every_failing_condition_is_told() {
        let root = json!({"json": {"expires_in": "3600"}});
        let tested = tested(
            json!({"is": "integer", "at_least": 1}),
            &root,
            "json/expires_in",
        );
        assert_eq!(tested.missed.len(), 2);
        assert!(
            tested
                .missed
                .iter()
                .all(|miss| miss.came == "\"3600\" (string)")
        );
    }

    #[test]
    fn looks_into_lists_and_members() {
        let root = json!({"keys": [{"kid": "a", "use": "sig"}, {"kid": "b"}], "list": ["x"]});
        assert!(holds(
            json!({"some": {"members": {"use": "sig"}}}),
            &root,
            "keys"
        ));
        assert!(!holds(
            json!({"each": {"members": {"use": "sig"}}}),
            &root,
            "keys"
        ));
        assert!(holds(
            json!({"members": {"kid": {"is": "string"}}}),
            &root,
            "keys"
        ));
        let missed = tested(json!({"members": {"use": "sig"}}), &root, "keys").missed;
        assert_eq!(missed.len(), 1);
        assert_eq!(missed[0].path, "keys/1/use");
        assert!(!holds(json!({"each": "x"}), &json!({"list": "x"}), "list"));
        assert!(!holds(json!({"some": "y"}), &root, "list"));
        assert!(!holds(json!({"some": "y"}), &json!({"list": []}), "list"));
    }

    #[test]
    fn what_was_wanted_is_told_and_not_its_template() {
        let root = json!({"list": [1]});
        let state = json!("{{ token.status }}");
        for (predicate, path, wanted) in [
            (state.clone(), "gone", "400"),
            (json!({"present": true, "one_of": [state]}), "gone", "400"),
            (
                json!({"some": {"members": {"x": state}}}),
                "list",
                "at least one element: x: 400",
            ),
            (
                json!({"word": "{{ authorize.code }}"}),
                "gone",
                "with the word [code:8:0123456789ab]",
            ),
        ] {
            assert_eq!(tested(predicate, &root, path).missed[0].wanted, wanted);
        }
    }

    #[test]
    fn the_suites_own_words_come_first() {
        let root = json!({"a": [1]});
        let told = tested(
            json!({"each": {"is": "string"}, "wanted": "names"}),
            &root,
            "a",
        );
        assert_eq!(told.missed[0].wanted, "names");
        assert_eq!(told.missed[0].path, "a/0");
    }

    #[test]
    fn what_cannot_be_read_stays_open() {
        let root = json!({"secret": "[code:8:0123456789ab]", "list": ["[code:8:0123456789ab]"]});
        for (predicate, path) in [
            (json!({"matches": "^a"}), "secret"),
            (json!({"is": "absolute_url"}), "secret"),
            (json!({"some": {"matches": "^a"}}), "list"),
            (json!("{{ token.json.gone }}"), "secret"),
        ] {
            let tested = tested(predicate.clone(), &root, path);
            assert!(tested.missed.is_empty(), "{predicate}");
            assert_eq!(tested.open.len(), 1, "{predicate}");
        }
    }
}
