//! Customer data: the resource whose owner counts. Each user sees and changes their own notes only.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::policy::CustomerDataOwner;

/// Customers by number and name.
pub const CUSTOMERS: [(&str, &str); 3] = [
    ("7", "Blue Heron Ltd"),
    ("42", "Example Trading Co"),
    ("99", "Cedar Labs"),
];

/// Scheme and stem of the resource's URIs.
pub const STEM: &str = "customer-data://customers/";

const EVERYBODY: &str = "*";
const NOTES_KEPT: usize = 64;

/// The notes, by user and customer.
#[derive(Debug, Default)]
pub struct Customers(Mutex<BTreeMap<(String, String), Vec<String>>>);

impl Customers {
    /// The customer's record as one user sees it.
    pub fn read(&self, id: &str, user: &str, owner: CustomerDataOwner) -> Option<Value> {
        let (id, name) = CUSTOMERS.iter().find(|(known, _)| *known == id)?;
        let notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let visible = |owner_of_note: &str| {
            owner == CustomerDataOwner::Anyone || [user, EVERYBODY].contains(&owner_of_note)
        };
        let notes: Vec<&String> = notes
            .iter()
            .filter(|((owner_of_note, customer), _)| customer == id && visible(owner_of_note))
            .flat_map(|(_, notes)| notes)
            .collect();
        Some(json!({"id": id, "name": name, "user": user, "notes": notes}))
    }

    /// Adds a note; says how many the user has now.
    pub fn add(&self, id: &str, user: &str, note: &str, owner: CustomerDataOwner) -> Option<usize> {
        CUSTOMERS.iter().find(|(known, _)| *known == id)?;
        let user = match owner {
            CustomerDataOwner::ReadOnly => EVERYBODY,
            _ => user,
        };
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = notes.entry((user.to_owned(), id.to_owned())).or_default();
        kept.push(note.to_owned());
        if kept.len() > NOTES_KEPT {
            kept.remove(0);
        }
        Some(kept.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_belong_to_their_user() {
        let customers = Customers::default();
        let own = CustomerDataOwner::Caller;
        assert_eq!(customers.add("42", "alice", "secret plan", own), Some(1));
        let seen = |user: &str, owner| customers.read("42", user, owner).unwrap().to_string();
        assert!(seen("alice", own).contains("secret plan"));
        assert!(!seen("bob", own).contains("secret plan"));
        assert!(seen("bob", CustomerDataOwner::Anyone).contains("secret plan"));
        customers.add("42", "alice", "shared", CustomerDataOwner::ReadOnly);
        assert!(seen("bob", own).contains("shared"));
    }

    #[test]
    fn an_unknown_customer_has_no_record() {
        let customers = Customers::default();
        assert_eq!(
            customers.read("1", "alice", CustomerDataOwner::Caller),
            None
        );
        assert_eq!(
            customers.add("1", "alice", "x", CustomerDataOwner::Caller),
            None
        );
    }
}
