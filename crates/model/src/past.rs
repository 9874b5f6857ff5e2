//! What the memory of a record held before it was cleared.

use std::sync::Arc;

use crate::exchange::{Column, Text};

/// What the memory of a record held before it was cleared: mostly, its next record shows the same.
///
/// What many records share is counted, and a processor waits for each count. What stays where it is need not be
/// counted. It is no part of what the record says: equal to any other, and not copied.
#[derive(Debug, Default)]
pub struct Past<T>(T);

impl<T: Default> Clone for Past<T> {
    fn clone(&self) -> Self {
        Past::default()
    }
}

impl<T> PartialEq for Past<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> Eq for Past<T> {}

/// So many columns or targets stay.
const KEPT: usize = 32;
/// The texts of targets that stay have no more bytes.
const LONG: usize = 512;

impl Past<Option<Arc<[Column]>>> {
    /// These columns, without counting if they are the ones that were held before.
    #[inline]
    pub(crate) fn again(&mut self, columns: &Arc<[Column]>) -> Arc<[Column]> {
        let past = self.0.take_if(|past| Arc::ptr_eq(past, columns));
        past.unwrap_or_else(|| Arc::clone(columns))
    }

    /// Holds on to what was shown, and lets it be forgotten there.
    #[inline]
    pub(crate) fn keep(&mut self, shown: &mut Option<Arc<[Column]>>) {
        if shown.as_ref().is_some_and(|columns| columns.len() <= KEPT) {
            self.0 = shown.take();
        } else {
            *shown = None;
        }
    }
}

impl Past<Vec<Text>> {
    /// Adds these targets to none, without counting if they are the ones that were held before.
    #[inline]
    pub fn again(&mut self, targets: &[Text], to: &mut Vec<Text>) {
        let is_past = self.0.len() == targets.len()
            && self.0.iter().zip(targets).all(|(past, target)| Arc::ptr_eq(past, target));
        if is_past && to.is_empty() {
            std::mem::swap(&mut self.0, to);
        } else {
            to.extend_from_slice(targets);
        }
    }

    /// Adds this target to none: in the memory of the one that was held before, if that says the same.
    #[inline]
    pub(crate) fn again_one(&mut self, target: &str, to: &mut Vec<Text>) {
        match &*self.0 {
            [past] if **past == *target && to.is_empty() => std::mem::swap(&mut self.0, to),
            _ => to.push(target.into()),
        }
    }

    /// Holds on to what was named, and lets it be forgotten there.
    #[inline]
    pub(crate) fn keep(&mut self, named: &mut Vec<Text>) {
        if named.is_empty() {
            return;
        }
        if named.capacity() > KEPT || named.iter().any(|target| target.len() > LONG) {
            *named = Vec::new();
            return;
        }
        std::mem::swap(&mut self.0, named);
        named.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{KEPT, LONG, Past};
    use crate::exchange::{Column, Text};

    #[test]
    fn what_was_held_is_not_counted_again() {
        let targets = ["a", "b"].map(Text::from);
        let (mut past, mut named) = (Past::<Vec<Text>>::default(), Vec::new());
        for _ in 0..3 {
            past.again(&targets, &mut named);
            assert_eq!(named, targets);
            assert_eq!(Arc::strong_count(&targets[0]), 2);
            past.keep(&mut named);
            assert!(named.is_empty());
        }
        let others = ["a", "b"].map(Text::from);
        past.again(&others, &mut named);
        assert!(named.iter().zip(&others).all(|(named, other)| Arc::ptr_eq(named, other)));
        past.keep(&mut named);
        assert_eq!(Arc::strong_count(&targets[0]), 1, "one past is enough");
    }

    #[test]
    fn a_target_that_says_the_same_is_the_same() {
        let (mut past, mut named) = (Past::<Vec<Text>>::default(), Vec::new());
        past.again_one("a", &mut named);
        let first = Text::clone(&named[0]);
        past.keep(&mut named);
        past.again_one("a", &mut named);
        assert!(Arc::ptr_eq(&named[0], &first));
        past.again_one("a", &mut named);
        assert_eq!(named, ["a", "a"].map(Text::from), "one behind it is another");
        named.pop();
        past.keep(&mut named);
        past.again_one("b", &mut named);
        assert_eq!((named.len(), &*named[0]), (1, "b"));
    }

    #[test]
    fn a_past_is_bounded() {
        let (mut past, mut named) = (Past::<Vec<Text>>::default(), vec![Text::from("x".repeat(LONG + 1))]);
        past.keep(&mut named);
        let mut many = vec![Text::from("x"); KEPT + 1];
        past.keep(&mut many);
        assert!(past.0.is_empty() && named.is_empty() && many.is_empty());
        let column = || Column { name: "a".into(), kind: "b".into(), table: None, origin: None };
        let mut past = Past::<Option<Arc<[Column]>>>::default();
        let mut shown = Some((0..=KEPT).map(|_| column()).collect());
        past.keep(&mut shown);
        assert!(past.0.is_none() && shown.is_none());
    }

    #[test]
    fn columns_come_back_as_they_were_or_as_others() {
        let columns = |name: &str| -> Arc<[Column]> {
            Arc::from([Column { name: name.into(), kind: "b".into(), table: None, origin: None }])
        };
        let (one, other) = (columns("a"), columns("a"));
        let mut past = Past::<Option<Arc<[Column]>>>::default();
        let mut shown = Some(past.again(&one));
        past.keep(&mut shown);
        assert!(shown.is_none() && Arc::strong_count(&one) == 2);
        shown = Some(past.again(&one));
        assert_eq!(Arc::strong_count(&one), 2);
        past.keep(&mut shown);
        shown = Some(past.again(&other));
        assert!(Arc::ptr_eq(shown.as_ref().unwrap(), &other));
    }
}
