//! Names what a transport's error was, without ever showing a URL.

use std::error::Error;
use std::io;

use super::Failure;
use crate::run::FailureKind;

/// The failure behind an error of reqwest.
pub(super) fn of_reqwest(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    if error.is_timeout() {
        let kind = if error.is_connect() {
            FailureKind::Unreachable
        } else {
            FailureKind::Timeout
        };
        return Failure::new(kind, "no answer in time");
    }
    let kind = if error.is_connect() {
        FailureKind::Unreachable
    } else {
        FailureKind::Malformed
    };
    of_chain(&error, kind)
}

/// The failure behind any error: its chain is searched for what went wrong first; `kind` stands
/// when the chain does not tell.
pub(super) fn of_chain(error: &(dyn Error + 'static), kind: FailureKind) -> Failure {
    let mut kind = kind;
    let mut message = error.to_string();
    let mut link = Some(error);
    while let Some(error) = link {
        if let Some(tls) = tls_error(error) {
            return Failure::new(FailureKind::Tls, tls.to_string());
        }
        if let Some(hyper) = error.downcast_ref::<hyper::Error>() {
            if hyper.is_incomplete_message() || hyper.is_closed() {
                kind = FailureKind::Unreachable;
                message = "the server closed the connection without a whole answer".to_owned();
            } else if hyper.is_parse_too_large() {
                return Failure::new(FailureKind::Malformed, "headers beyond the limit");
            }
        }
        if let Some(io) = error.downcast_ref::<io::Error>()
            && matches!(
                io.kind(),
                io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::BrokenPipe
            )
        {
            kind = FailureKind::Unreachable;
        }
        if let Some(io) = error.downcast_ref::<io::Error>()
            && io.kind() == io::ErrorKind::UnexpectedEof
        {
            let message = "the server closed the connection without a whole answer";
            return Failure::new(FailureKind::Unreachable, message);
        }
        if !error.to_string().is_empty() {
            message = deepest(message, error);
        }
        link = error.source();
    }
    Failure::new(kind, message)
}

/// The deepest error says what happened; the ones above only where.
fn deepest(so_far: String, error: &(dyn Error + 'static)) -> String {
    if error.source().is_none() && !so_far.starts_with("the server closed") {
        error.to_string()
    } else {
        so_far
    }
}

/// An I/O error hides what it wraps from its own chain, and may wrap another.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut error = error;
    loop {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(tls);
        }
        error = error.downcast_ref::<io::Error>()?.get_ref()?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_connection_is_unreachable_and_a_bad_certificate_is_tls() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(
            of_chain(&refused, FailureKind::Malformed).kind,
            FailureKind::Unreachable
        );
        let tls = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let wrapped = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, tls));
        let failure = of_chain(&wrapped, FailureKind::Unreachable);
        assert_eq!(failure.kind, FailureKind::Tls);
        assert!(
            failure.message.contains("UnknownIssuer"),
            "{}",
            failure.message
        );
    }
}
