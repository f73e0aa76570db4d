//! What buttons, fields and pages say.
//!
//! A page may speak another language: words only raise or lower a score, and where none is known
//! the order on the page decides.

const APPROVE: &[&str] = &[
    "accept",
    "accepted",
    "agree",
    "akzeptieren",
    "allow",
    "allowed",
    "aceptar",
    "approve",
    "approved",
    "authorise",
    "authorize",
    "authorized",
    "autoriser",
    "autorizar",
    "autorisieren",
    "confirm",
    "confirmed",
    "consent",
    "continue",
    "erlauben",
    "grant",
    "ok",
    "permit",
    "permitir",
    "proceed",
    "submit",
    "true",
    "weiter",
    "yes",
    "zulassen",
    "zustimmen",
];
const DENY: &[&str] = &[
    "abbrechen",
    "ablehnen",
    "abort",
    "annuler",
    "back",
    "block",
    "cancel",
    "cancelar",
    "decline",
    "denied",
    "deny",
    "disagree",
    "disallow",
    "don",
    "false",
    "never",
    "no",
    "not",
    "rechazar",
    "refuse",
    "refuser",
    "reject",
    "rejected",
];
const LOG_IN: &[&str] = &[
    "anmelden",
    "connexion",
    "continue",
    "enter",
    "einloggen",
    "iniciar",
    "log",
    "login",
    "next",
    "sign",
    "signin",
    "submit",
    "verify",
    "weiter",
];
/// Ways away from the path: other accounts, new accounts, other providers.
const ASIDE: &[&str] = &[
    "another",
    "apple",
    "create",
    "different",
    "facebook",
    "forgot",
    "forgotten",
    "github",
    "google",
    "help",
    "language",
    "logout",
    "microsoft",
    "out",
    "passkey",
    "register",
    "resend",
    "reset",
    "search",
    "signout",
    "signup",
    "switch",
    "up",
];
const ERROR: &[&str] = &[
    "denied",
    "error",
    "expired",
    "failed",
    "failure",
    "fehler",
    "forbidden",
    "invalid",
    "mismatch",
    "oops",
    "unauthorized",
    "unknown",
    "wrong",
];
const REFUSED_LOGIN: &[&str] = &[
    "denied",
    "failed",
    "incorrect",
    "invalid",
    "falsch",
    "locked",
    "mismatch",
    "unknown",
    "unrecognized",
    "wrong",
];

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

fn says(text: &str, list: &[&str]) -> bool {
    words(text).any(|word| list.contains(&word.as_str()))
}

/// Whether a label is these words, whatever their case and what stands around them.
pub(super) fn is_label(label: &str, wanted: &str) -> bool {
    has_phrase(label, wanted) && words(label).count() == words(wanted).count()
}

/// Whether these words stand in a label one after the other.
pub(super) fn has_phrase(label: &str, wanted: &str) -> bool {
    let [label, wanted] = [label, wanted].map(|text| words(text).collect::<Vec<_>>());
    !wanted.is_empty() && label.windows(wanted.len()).any(|some| *some == *wanted)
}

/// What a control stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Meaning {
    pub approves: bool,
    pub denies: bool,
    pub logs_in: bool,
    /// Leads away.
    pub aside: bool,
}

/// The meaning of a control by the text on it, and where that says nothing by what it sends. A
/// no outweighs a yes: "do not allow", "cancel and continue".
pub(super) fn meaning(text: &str, sent: &str) -> Meaning {
    let of = |text: &str| {
        let denies = says(text, DENY);
        Meaning {
            approves: !denies && says(text, APPROVE),
            denies,
            logs_in: !denies && says(text, LOG_IN),
            aside: says(text, ASIDE),
        }
    };
    let shown = of(text);
    if shown == Meaning::default() {
        of(sent)
    } else {
        shown
    }
}

/// Whether a heading speaks of an error.
pub(super) fn is_error(heading: &str) -> bool {
    says(heading, ERROR)
}

/// Whether a heading is that of a login page.
pub(super) fn names_login(heading: &str) -> bool {
    const NAMES: &[&str] = &["anmelden", "connexion", "log", "login", "sign", "signin"];
    says(heading, NAMES)
}

/// Whether a page with a login form says that the last login was refused.
pub(super) fn refuses_login(text: &str) -> bool {
    says(text, REFUSED_LOGIN) || text.to_lowercase().contains("not match")
}

/// Whether a page speaks of what a user logs in with.
pub(super) fn speaks_of_password(text: &str) -> bool {
    says(text, &["credentials", "password", "passwords", "passwort"])
}

/// Whether a page names what is wrong with an authorization request: an error of RFC 6749 section
/// 4.1.2.1 that can mean nothing else, or a parameter.
pub(super) fn blames_request(text: &str) -> bool {
    const NAMES: &[&str] = &[
        "client_id",
        "code_challenge",
        "invalid_client",
        "invalid_request",
        "invalid_scope",
        "invalid_target",
        "redirect_uri",
        "response_type",
        "unauthorized_client",
        "unsupported_response_type",
    ];
    holds_any(text, NAMES)
}

fn holds_any(text: &str, parts: &[&str]) -> bool {
    let text = text.to_lowercase();
    parts.iter().any(|part| text.contains(part))
}

/// Whether a page after a login says that no login is taken any more.
pub(super) fn locks_out(text: &str) -> bool {
    const PHRASES: &[&str] = &[
        "account is locked",
        "account locked",
        "account has been locked",
        "temporarily locked",
        "locked out",
        "too many",
    ];
    holds_any(text, PHRASES)
}

/// Whether a page without a way on says so in words that others use too: an app may be blocked, a
/// scope disabled. They count close behind the account or the login that they are said of.
pub(super) fn closes_login(text: &str) -> bool {
    const OF: &[&str] = &["account", "attempts", "login", "logins", "sign", "user"];
    const SAID: &[&str] = &[
        "blocked",
        "disabled",
        "later",
        "limit",
        "locked",
        "suspended",
    ];
    let words: Vec<String> = words(text).collect();
    words.iter().enumerate().any(|(at, word)| {
        let near = words.iter().skip(at + 1).take(5);
        OF.contains(&word.as_str()) && near.into_iter().any(|word| SAID.contains(&word.as_str()))
    })
}

/// Whether a page waits for what a user does elsewhere.
pub(super) fn waits_for_device(text: &str) -> bool {
    let text = text.to_lowercase().replace('-', " ");
    [
        "approve the sign in",
        "approve this sign in",
        "approve the login",
        "approve this login",
        "check your phone",
        "check your device",
        "open your authenticator",
    ]
    .iter()
    .any(|phrase| text.contains(phrase))
}

/// Whether a label speaks of a code, or of what was sent to the user.
pub(super) fn speaks_of_code(hint: &str) -> bool {
    const CODES: &[&str] = &["code", "codes", "otp", "passcode", "sent", "token", "totp"];
    says(hint, CODES)
}

/// Whether a field may be left out as its label says.
pub(super) fn is_optional(hint: &str) -> bool {
    says(hint, &["enabled", "if", "optional"])
}

/// Whether a field asks for what a user has beside the password.
pub(super) fn is_second_factor(name: &str, autocomplete: &str) -> bool {
    const NAMES: &[&str] = &["otp", "totp", "mfa", "2fa", "twofactor", "passcode"];
    let joined = name.replace(['_', '-'], "").to_lowercase();
    autocomplete.contains("one-time-code") || NAMES.iter().any(|name| joined.contains(name))
}

/// Whether the target of a form leads away from the path. Short words count only where they stand
/// alone: an address may carry a random identifier, which spells one of them sooner or later.
pub(super) fn leads_aside(action: &str) -> bool {
    const ALONE: &[&str] = &["lang", "locale", "i18n", "reset"];
    const ANYWHERE: &[&str] = &[
        "logout", "signout", "sign-out", "register", "signup", "sign-up", "search", "forgot",
    ];
    let path = action.split(['?', '#']).next().unwrap_or_default();
    let path = match path.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => path,
    };
    let lower = path.to_ascii_lowercase();
    says(path, ALONE) || ANYWHERE.iter().any(|word| lower.contains(word))
}

/// How well a name or a label fits a field for the user name; 0 is not at all.
pub(super) fn username_score(name: &str, autocomplete: &str, hint: &str) -> u32 {
    const NAMES: &[&str] = &[
        "account",
        "benutzername",
        "email",
        "handle",
        "identifier",
        "login",
        "loginid",
        "mail",
        "sub",
        "subject",
        "uid",
        "user",
        "userid",
        "username",
        "usuario",
        "utilisateur",
    ];
    if autocomplete
        .split(' ')
        .any(|token| matches!(token, "username" | "email"))
    {
        return 10;
    }
    let joined = name.replace(['_', '-', '[', ']', '.'], "").to_lowercase();
    if NAMES.contains(&joined.as_str()) {
        return 8;
    }
    if says(name, NAMES)
        || ["username", "userid", "email"]
            .iter()
            .any(|n| joined.contains(n))
    {
        return 6;
    }
    // "The code that we sent to your e-mail" is no user name.
    if says(hint, NAMES) && !speaks_of_code(hint) {
        4
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_understood() {
        for (text, sent, approves, denies) in [
            ("Allow", "", true, false),
            ("Don't allow", "", false, true),
            ("No, cancel", "", false, true),
            ("[ Cancel ]", "", false, true),
            ("Freigeben", "decision=approve", true, false),
            ("✗", "action deny", false, true),
            ("Notify me", "", false, false),
            ("Knowledge", "", false, false),
        ] {
            let meaning = meaning(text, sent);
            assert_eq!(
                (meaning.approves, meaning.denies),
                (approves, denies),
                "{text}"
            );
        }
        assert!(meaning("Sign in", "").logs_in && !meaning("Sign in", "").aside);
        assert!(meaning("Sign up", "").aside && meaning("Log out", "").aside);
    }

    #[test]
    fn a_random_identifier_leads_nowhere() {
        for action in [
            "/logout",
            "/i18n/setlang",
            "/a/lang",
            "/reset-password",
            "/signUp",
        ] {
            assert!(leads_aside(action), "{action}");
        }
        for action in [
            "http://127.0.0.1:7320/interaction/xLaNgReSet1I18nQ",
            "https://register.example/login",
            "/login",
        ] {
            assert!(!leads_aside(action), "{action}");
        }
    }

    #[test]
    fn user_name_fields_are_understood() {
        for (name, autocomplete, hint) in [
            ("username", "", ""),
            ("user_name", "", ""),
            ("login", "", ""),
            ("f1", "username webauthn", ""),
            ("f1", "", "E-mail address or User"),
            ("session[email]", "", ""),
            ("sub", "", ""),
        ] {
            assert!(username_score(name, autocomplete, hint) > 0, "{name}");
        }
        for name in ["q", "otp", "coupon", "code"] {
            assert_eq!(username_score(name, "off", ""), 0, "{name}");
        }
        let hint = "Code sent to your e-mail";
        assert_eq!(username_score("answer", "", hint), 0);
    }
}
