//! Repetitions: what LZ4 and Snappy copy from what they have unpacked so far.

/// Adds `length` bytes that stand `back` bytes before the end, which they may overlap: `None` where there are none.
pub(super) fn repeat(content: &mut Vec<u8>, back: usize, length: usize) -> Option<()> {
    let from = content.len().checked_sub(back).filter(|_| back > 0)?;
    let mut left = length;
    while left > 0 {
        // What was added repeats what stands before it, and so there is twice as much to copy each time.
        let step = left.min(content.len() - from);
        content.extend_from_within(from..from + step);
        left -= step;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::repeat;

    #[test]
    fn a_repetition_may_overlap_itself() {
        for back in 1..=7 {
            for length in 0..40 {
                let mut expected = b"abcdefg".to_vec();
                let mut content = expected.clone();
                (0..length).for_each(|_| expected.push(expected[expected.len() - back]));
                repeat(&mut content, back, length).unwrap();
                assert_eq!(content, expected, "{back} {length}");
            }
        }
    }

    #[test]
    fn nothing_stands_before_the_beginning() {
        for back in [0, 4] {
            let mut content = b"abc".to_vec();
            assert_eq!(repeat(&mut content, back, 1), None);
            assert_eq!(content, b"abc");
        }
    }
}
