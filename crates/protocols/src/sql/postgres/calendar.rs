//! Dates and times in the server's binary form, written as the server writes them in ISO style.

use std::fmt::Write;

use crate::kit::protocol::Read;
use crate::kit::reader::Reader;
use crate::sql::calendar::{day, fraction};

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Days since 2000-01-01.
pub(super) fn date(out: &mut String, days: i32) {
    match days {
        i32::MAX => out.push_str("infinity"),
        i32::MIN => out.push_str("-infinity"),
        days => {
            let before = day(out, i64::from(days));
            out.push_str(before);
        }
    }
}

/// Microseconds since midnight.
pub(super) fn time(out: &mut String, micros: i64) {
    let seconds = micros.div_euclid(1_000_000);
    _ = write!(out, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    fraction(out, micros.rem_euclid(1_000_000).unsigned_abs(), 6);
}

/// Microseconds since midnight and the zone in seconds west.
pub(super) fn time_with_zone(out: &mut String, wire: &mut Reader<'_>) -> Read<()> {
    let micros = i64::from_be_bytes(wire.array()?);
    let east = i64::from(i32::from_be_bytes(wire.array()?)).wrapping_neg();
    time(out, micros);
    let (sign, away) = if east < 0 { ('-', -east) } else { ('+', east) };
    _ = write!(out, "{sign}{:02}", away / 3600);
    if away % 3600 != 0 {
        _ = write!(out, ":{:02}", away / 60 % 60);
    }
    Ok(())
}

/// Microseconds since 2000-01-01.
pub(super) fn timestamp(out: &mut String, micros: i64) {
    moment(out, micros, "");
}

/// Microseconds since 2000-01-01 in UTC.
pub(super) fn timestamp_with_zone(out: &mut String, micros: i64) {
    moment(out, micros, "+00");
}

fn moment(out: &mut String, micros: i64, zone: &str) {
    match micros {
        i64::MAX => out.push_str("infinity"),
        i64::MIN => out.push_str("-infinity"),
        micros => {
            let before = day(out, micros.div_euclid(DAY));
            out.push(' ');
            time(out, micros.rem_euclid(DAY));
            out.push_str(zone);
            out.push_str(before);
        }
    }
}

/// Microseconds, days and months, which are not converted into each other.
pub(super) fn interval(out: &mut String, wire: &mut Reader<'_>) -> Read<()> {
    let micros = i64::from_be_bytes(wire.array()?);
    let days = i32::from_be_bytes(wire.array()?);
    let months = i32::from_be_bytes(wire.array()?);
    let begin = out.len();
    for (count, one, many) in
        [(months / 12, "year", "years"), (months % 12, "mon", "mons"), (days, "day", "days")]
    {
        if count != 0 {
            let blank = if out.len() > begin { " " } else { "" };
            _ = write!(out, "{blank}{count} {}", if count == 1 { one } else { many });
        }
    }
    if micros != 0 || out.len() == begin {
        if out.len() > begin {
            out.push(' ');
        }
        if micros < 0 {
            out.push('-');
        }
        time(out, micros.saturating_abs());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{date, interval, time_with_zone, timestamp};
    use crate::kit::reader::{Ahead, Reader};

    fn said(write: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        write(&mut out);
        out
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        let cases = [
            (0, "2000-01-01"),
            (59, "2000-02-29"),
            (-1, "1999-12-31"),
            (9_822, "2026-11-22"),
            (-730_119, "0001-01-01"),
            (-730_120, "0001-12-31 BC"),
            (i32::MAX, "infinity"),
            (i32::MAX - 1, "5881610-07-10"),
        ];
        for (days, wanted) in cases {
            assert_eq!(said(|out| date(out, days)), wanted);
        }
    }

    #[test]
    fn times_have_no_trailing_zeros() {
        assert_eq!(said(|out| timestamp(out, 1_500_000)), "2000-01-01 00:00:01.5");
        assert_eq!(said(|out| timestamp(out, -1)), "1999-12-31 23:59:59.999999");
        let bytes = [3_600_000_000_i64.to_be_bytes().as_slice(), &(-7_200_i32).to_be_bytes()].concat();
        let mut wire = Reader::new(&bytes, 0, Ahead::End);
        assert_eq!(said(|out| time_with_zone(out, &mut wire).unwrap()), "01:00:00+02");
    }

    #[test]
    fn intervals_keep_their_parts_apart() {
        let parts = |micros: i64, days: i32, months: i32| {
            let bytes = [&micros.to_be_bytes()[..], &days.to_be_bytes(), &months.to_be_bytes()].concat();
            said(|out| interval(out, &mut Reader::new(&bytes, 0, Ahead::End)).unwrap())
        };
        assert_eq!(parts(5_000_000, 1, 14), "1 year 2 mons 1 day 00:00:05");
        assert_eq!(parts(0, 0, 0), "00:00:00");
        assert_eq!(parts(-1_000_000, 0, 0), "-00:00:01");
        let least = parts(i64::MIN, i32::MIN, i32::MIN);
        assert!(least.starts_with("-178956970 years -8 mons -2147483648 days -"), "{least}");
    }
}
