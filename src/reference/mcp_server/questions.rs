//! Questions back to the user, which a client answers by the same call once more (MCP 2026-07-28
//! "multi round-trip requests", elicitation).
//!
//! `requestState` is a random handle of what is kept here: for whom and for which call the question was
//! asked. It opens nothing to anybody else.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD as BASE64URL, Engine as _};
use rand::Rng;

use super::policy::RequestState;

/// How long a question waits for its answer.
const PATIENCE: Duration = Duration::from_secs(300);

/// Who asked for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The user of the token.
    pub user: String,
    /// The call: tool and arguments.
    pub call: String,
}

/// The open questions.
#[derive(Debug, Default)]
pub struct Questions(Mutex<HashMap<String, (Question, Instant)>>);

impl Questions {
    /// Asks; gives the `requestState`.
    pub fn ask(&self, question: Question) -> String {
        let state = BASE64URL.encode(rand::thread_rng().r#gen::<[u8; 24]>());
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, (_, asked)| asked.elapsed() < PATIENCE);
        open.insert(state.clone(), (question, Instant::now()));
        state
    }

    /// Whether an answer with this state belongs to the question.
    pub fn is_answer(&self, state: &str, question: &Question, check: RequestState) -> bool {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = open
            .get(state)
            .filter(|(_, asked)| asked.elapsed() < PATIENCE);
        match (check, asked) {
            (RequestState::Unchecked, _) => !state.is_empty(),
            (_, None) => false,
            (RequestState::Bound | RequestState::AsksAgain, Some((asked, _))) => asked == question,
            (RequestState::AnyUser, Some((asked, _))) => asked.call == question.call,
            (RequestState::AnyCall, Some((asked, _))) => asked.user == question.user,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_belongs_to_its_user_and_call() {
        let question = |user: &str, call: &str| Question {
            user: user.into(),
            call: call.into(),
        };
        let questions = Questions::default();
        let state = questions.ask(question("alice", "archive 7"));
        let answers = |user, call, check| questions.is_answer(&state, &question(user, call), check);
        assert!(answers("alice", "archive 7", RequestState::Bound));
        assert!(!answers("bob", "archive 7", RequestState::Bound));
        assert!(!answers("alice", "archive 42", RequestState::Bound));
        assert!(answers("bob", "archive 7", RequestState::AnyUser));
        assert!(answers("alice", "archive 42", RequestState::AnyCall));
        assert!(!questions.is_answer("x", &question("alice", "archive 7"), RequestState::AnyUser));
    }
}
