//! The most random bits that values of one kind can hold (RFC 6749 section 10.10: 128 at least).
//!
//! A sample can only disprove, so every figure is an upper bound: the places whose characters
//! change, times the bits of the smallest usual alphabet that has them all. What every value has, and
//! what grows with time, was drawn by nobody. What is signed or encrypted as a whole is not measured.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// So many values of one form, at least: by chance no place of a Base64 text keeps its character
/// over them, even where it has two bits only.
const ENOUGH: usize = 10;
/// So many for a judgement on order, which chance then does not bring in a billion tries.
const ENOUGH_IN_ORDER: usize = 32;
/// So many pairs must differ at a place, and so large a share of them in one direction.
const PAIRS: usize = 300;
const SHARE: f64 = 0.92;

/// What a sample shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Estimate {
    /// JSON Web Tokens and the like: a key protects them, not chance.
    Structured,
    /// Values drawn at random, at least in part.
    Random {
        /// Characters of one value.
        length: usize,
        /// Those of them that chance may have drawn.
        random: usize,
        /// The most bits that these hold, to one decimal.
        bits: f64,
    },
}

/// So many values of one form there were, which tell nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooFew(pub usize);

/// Estimates by the values of the commonest form, given in the order in which they came.
pub fn of(values: &[String]) -> Result<Estimate, TooFew> {
    let mut forms: HashMap<Option<usize>, Vec<&String>> = HashMap::new();
    for value in values {
        let form = (!is_structured(value)).then(|| value.chars().count());
        forms.entry(form).or_default().push(value);
    }
    let commonest = forms.into_iter().max_by_key(|(_, alike)| alike.len());
    let (form, alike) = commonest.ok_or(TooFew(0))?;
    if alike.len() < ENOUGH {
        return Err(TooFew(alike.len()));
    }
    let Some(length) = form else {
        return Ok(Estimate::Structured);
    };
    let rows: Vec<Vec<char>> = alike.iter().map(|value| value.chars().collect()).collect();
    let random = random_places(&rows, length);
    let used = rows.iter().flat_map(|row| random.iter().map(|at| row[*at]));
    let bits = alphabet(used).log2() * random.len() as f64;
    Ok(Estimate::Random {
        length,
        random: random.len(),
        bits: (bits * 10.0).floor() / 10.0,
    })
}

/// The places that neither stay the same nor grow with time.
fn random_places(rows: &[Vec<char>], length: usize) -> Vec<usize> {
    let mut random = Vec::new();
    // Where the digits of one number may have begun: they count only beside equal ones before them.
    let mut begins = 0;
    for at in 0..length {
        if rows.iter().all(|row| row[at] == rows[0][at]) {
            continue;
        }
        if !grows(rows, begins, at) {
            random.push(at);
            begins = at + 1;
        }
    }
    random
}

/// Whether later values have the greater character here, or nearly all of them the smaller, as far
/// as those between `begins` and here are equal.
fn grows(rows: &[Vec<char>], begins: usize, at: usize) -> bool {
    if rows.len() < ENOUGH_IN_ORDER {
        return false;
    }
    let (mut up, mut down) = (0_usize, 0_usize);
    let mut earlier: HashMap<&[char], Vec<(char, usize)>> = HashMap::new();
    for later in rows {
        let same = earlier.entry(&later[begins..at]).or_default();
        let here = later[at];
        let mut is_new = true;
        for (other, rows) in same.iter_mut() {
            match (*other).cmp(&here) {
                Ordering::Less => up += *rows,
                Ordering::Greater => down += *rows,
                Ordering::Equal => {
                    *rows += 1;
                    is_new = false;
                }
            }
        }
        if is_new {
            same.push((here, 1));
        }
    }
    let all = up + down;
    all >= PAIRS && up.max(down) as f64 >= SHARE * all as f64
}

/// The size of the smallest usual alphabet with all these characters.
fn alphabet(used: impl Iterator<Item = char>) -> f64 {
    let used: BTreeSet<char> = used.collect();
    let all = |is: fn(char) -> bool| used.iter().all(|one| is(*one));
    let any = |is: fn(char) -> bool| used.iter().any(|one| is(*one));
    let one_case = !any(|one| one.is_ascii_lowercase()) || !any(|one| one.is_ascii_uppercase());
    match () {
        () if used.is_empty() => 1.0,
        () if all(|one| one.is_ascii_digit()) => 10.0,
        () if all(|one| one.is_ascii_hexdigit()) && one_case => 16.0,
        () if all(|one| one.is_ascii_alphanumeric()) && one_case => 36.0,
        () if all(|one| one.is_ascii_alphanumeric()) => 62.0,
        () if all(|one| one.is_ascii_alphanumeric() || "-_".contains(one)) => 64.0,
        () if all(|one| one.is_ascii_alphanumeric() || "+/".contains(one)) => 64.0,
        // What can be printed (RFC 6749 appendix A.11).
        () => 95.0,
    }
}

/// Whether a key protects the whole value: a JWT or JWE (RFC 7519), a PASETO.
fn is_structured(value: &str) -> bool {
    let header = value.split('.').next().unwrap_or_default();
    let is_jose = value.contains('.')
        && BASE64_URL_SAFE_NO_PAD
            .decode(header)
            .is_ok_and(|bytes| serde_json::from_slice::<Map<String, Value>>(&bytes).is_ok());
    let is_paseto = ["v1.", "v2.", "v3.", "v4."]
        .iter()
        .any(|version| value.starts_with(version))
        && value.split('.').count() > 2;
    is_jose || is_paseto
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{RngCore as _, SeedableRng as _};

    fn bits(values: &[String]) -> f64 {
        match of(values) {
            Ok(Estimate::Random { bits, .. }) => bits,
            other => panic!("{other:?}"),
        }
    }

    fn sample(count: u64, make: impl FnMut(u64) -> String) -> Vec<String> {
        (0..count).map(make).collect()
    }

    fn drawn(rng: &mut StdRng, bytes: usize) -> Vec<u8> {
        let mut out = vec![0; bytes];
        rng.fill_bytes(&mut out);
        out
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn what_chance_drew_is_never_blamed() {
        let mut rng = StdRng::seed_from_u64(1);
        for count in [10, 16, 20, 32, 60, 150] {
            for _ in 0..60 {
                let base64 = sample(count, |_| {
                    BASE64_URL_SAFE_NO_PAD.encode(drawn(&mut rng, 16))
                });
                assert!(bits(&base64) >= 128.0, "{base64:?}");
                let named = sample(count, |_| format!("mcp_{}", hex(&drawn(&mut rng, 16))));
                assert!(bits(&named) >= 128.0, "{named:?}");
            }
        }
    }

    #[test]
    fn a_uuid_has_too_few_bits_by_the_letter() {
        let mut rng = StdRng::seed_from_u64(2);
        let uuids = sample(100, |_| {
            let text = hex(&drawn(&mut rng, 16));
            let variant = ["8", "9", "a", "b"][(rng.next_u32() % 4) as usize];
            let (a, b, c) = (&text[..8], &text[8..12], &text[13..16]);
            format!("{a}-{b}-4{c}-{variant}{}-{}", &text[17..20], &text[20..])
        });
        assert_eq!(bits(&uuids), 124.0);
    }

    #[test]
    fn counters_times_and_fillings_count_for_nothing() {
        let mut rng = StdRng::seed_from_u64(3);
        let counter = sample(100, |number| format!("{number:040}"));
        assert!(bits(&counter) < 8.0);
        let filled = sample(100, |_| {
            format!("authspec-code-of-the-server-{}", hex(&drawn(&mut rng, 4)))
        });
        assert_eq!(bits(&filled), 32.0);
        // Milliseconds at uneven intervals, then chance; ten at a time arrive out of order.
        let mut now = 1_790_000_000_000_u64;
        let mut times = sample(200, |_| {
            now += 1 + u64::from(rng.next_u32() % 90);
            format!("{now:020x}{}", hex(&drawn(&mut rng, 10)))
        });
        for few in times.chunks_mut(10) {
            few.reverse();
        }
        assert!(bits(&times) < 100.0, "{}", bits(&times));
        let mut number = 0;
        let behind = sample(200, |_| {
            number += 1;
            format!("{}{number:024}", hex(&drawn(&mut rng, 8)))
        });
        assert!(bits(&behind) < 80.0, "{}", bits(&behind));
    }

    #[test]
    fn what_a_key_protects_is_not_measured() {
        let jwt = |number| format!("eyJhbGciOiJFUzI1NiJ9.eyJqdGkiOiI{number}In0.c2lnbmF0dXJl");
        assert_eq!(of(&sample(20, jwt)), Ok(Estimate::Structured));
        let paseto = |number| format!("v4.public.{number}");
        assert_eq!(of(&sample(20, paseto)), Ok(Estimate::Structured));
    }

    #[test]
    fn a_few_tell_nothing() {
        let few = |number: u64| format!("{number}");
        assert_eq!(of(&sample(9, few)), Err(TooFew(9)));
        // A hundred lengths are a hundred forms.
        let lengths = sample(100, |number| "a".repeat(number as usize + 1));
        assert_eq!(of(&lengths), Err(TooFew(1)));
        assert_eq!(of(&[]), Err(TooFew(0)));
    }
}
