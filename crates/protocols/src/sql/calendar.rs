//! Days and times of day as text, in ISO style, for servers that count them.

use std::fmt::Write;

/// The first day, 2000-01-01, is so many days after 0000-03-01.
const EPOCH: i64 = 730_425;

/// Writes a day of the Gregorian calendar, counted from 2000-01-01; what must follow the rest of the moment is given
/// back.
pub(crate) fn day(out: &mut String, days: i64) -> &'static str {
    // Years begin in March, so that the leap day is their last; eras have 400 years.
    let days = days.saturating_add(EPOCH);
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = year + era * 400 + carry;
    let (year, before) = if year > 0 { (year, "") } else { (1 - year, " BC") };
    _ = write!(out, "{year:04}-{month:02}-{of_month:02}");
    before
}

/// Writes a time of day: `parts` of a second since midnight, of which a second has ten to the power of `digits`.
pub(crate) fn time(out: &mut String, parts: u64, digits: u32) {
    let scale = 10_u64.saturating_pow(digits);
    let (seconds, rest) = (parts / scale, parts % scale);
    _ = write!(out, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    fraction(out, rest, digits);
}

/// Writes a fraction of a second, without the zeros at its end.
pub(super) fn fraction(out: &mut String, parts: u64, digits: u32) {
    if parts == 0 {
        return;
    }
    _ = write!(out, ".{parts:0digits$}", digits = digits as usize);
    while out.ends_with('0') {
        out.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::{day, time};

    #[test]
    fn days_are_those_of_the_calendar() {
        for (days, wanted, before) in [
            (0, "2000-01-01", ""),
            (59, "2000-02-29", ""),
            (-1, "1999-12-31", ""),
            (9_822, "2026-11-22", ""),
            (-730_120, "0001-12-31", " BC"),
        ] {
            let mut out = String::new();
            assert_eq!((day(&mut out, days), &*out), (before, wanted));
        }
    }

    #[test]
    fn times_have_no_trailing_zeros() {
        for (parts, digits, wanted) in
            [(0, 6, "00:00:00"), (1_500_000, 6, "00:00:01.5"), (863_990_000_001, 7, "23:59:59.0000001")]
        {
            let mut out = String::new();
            time(&mut out, parts, digits);
            assert_eq!(out, wanted);
        }
    }
}
