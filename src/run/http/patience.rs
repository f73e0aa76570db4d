//! `Retry-After` (RFC 9110 section 10.2.3) of a 429 (RFC 6585 section 4).

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use super::Response;

/// How long a 429 asks to wait; `None` when the answer is no 429, does not say, or asks for more
/// than `most`.
pub(super) fn asked(response: &Response, most: Duration) -> Option<Duration> {
    response.asks_to_wait().filter(|wait| *wait <= most)
}

impl Response {
    /// How long a 429 asks to wait, be it longer than anybody would; `None` when the answer is no
    /// 429 or does not say.
    pub fn asks_to_wait(&self) -> Option<Duration> {
        let value = self.header("retry-after").filter(|_| self.status == 429)?;
        parse(value.trim(), Timestamp::now())
    }
}

fn parse(value: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = value.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let date = DateTimeParser::new().parse_timestamp(value).ok()?;
    // The date has whole seconds: one more, or the wait ends before it.
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default() + Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_nonsense_is_not() {
        let now: Timestamp = "1994-11-06T08:49:30Z".parse().unwrap();
        assert_eq!(parse("7", now), Some(Duration::from_secs(7)));
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(parse(date, now), Some(Duration::from_secs(8)));
        let past = "Sun, 06 Nov 1994 08:00:00 GMT";
        assert_eq!(parse(past, now), Some(Duration::from_secs(1)));
        for nonsense in ["", "-1", "1.5", "soon", "99999999999999999999"] {
            assert_eq!(parse(nonsense, now), None, "{nonsense}");
        }
    }
}
