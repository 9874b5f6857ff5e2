//! A queue that needs no memory of its own for its first element.

use std::collections::VecDeque;

/// First in, first out.
///
/// Most connections have one request under way or none: they allocate nothing here, and who looks at the front
/// looks at a field.
#[derive(Debug)]
pub struct Queue<T> {
    first: Option<T>,
    /// Empty when there is no first.
    #[expect(
        clippy::box_collection,
        reason = "most have no second, and then it costs a word instead of four"
    )]
    rest: Option<Box<VecDeque<T>>>,
}

/// A queue that is empty holds on to room for so many elements: what a client asks at once, it asks again.
const ROOM: usize = 8;

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Queue { first: None, rest: None }
    }
}

impl<T> Queue<T> {
    /// The element that leaves next.
    #[inline]
    #[must_use]
    pub fn front(&self) -> Option<&T> {
        self.first.as_ref()
    }

    /// The element that leaves next, to change it.
    #[inline]
    pub fn front_mut(&mut self) -> Option<&mut T> {
        self.first.as_mut()
    }

    /// The element that came last.
    pub fn back_mut(&mut self) -> Option<&mut T> {
        self.rest.as_mut().and_then(|rest| rest.back_mut()).or(self.first.as_mut())
    }

    /// The element that leaves after `at` others.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<&T> {
        match at.checked_sub(1) {
            Some(at) => self.rest.as_ref()?.get(at),
            None => self.first.as_ref(),
        }
    }

    /// Adds an element at the end.
    #[inline]
    pub fn push_back(&mut self, element: T) {
        if self.first.is_none() {
            self.first = Some(element);
        } else {
            self.push_behind(element);
        }
    }

    #[inline(never)]
    fn push_behind(&mut self, element: T) {
        self.rest.get_or_insert_default().push_back(element);
    }

    /// Adds an element that leaves before all others.
    pub fn push_front(&mut self, element: T) {
        if let Some(second) = self.first.replace(element) {
            self.rest.get_or_insert_default().push_front(second);
        }
    }

    /// Takes the element that leaves next.
    #[inline]
    pub fn pop_front(&mut self) -> Option<T> {
        match &self.rest {
            Some(rest) if !rest.is_empty() || rest.capacity() > ROOM => self.pop_before_others(),
            Some(_) | None => self.first.take(),
        }
    }

    #[inline(never)]
    fn pop_before_others(&mut self) -> Option<T> {
        let rest = self.rest.as_mut()?;
        let second = rest.pop_front();
        if second.is_none() && rest.capacity() > ROOM {
            self.rest = None;
        }
        std::mem::replace(&mut self.first, second)
    }

    /// Takes the element that leaves after `at` others.
    pub fn remove(&mut self, at: usize) -> Option<T> {
        match at.checked_sub(1) {
            Some(at) => self.rest.as_mut()?.remove(at),
            None => self.pop_front(),
        }
    }

    /// How many elements there are.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.as_ref().map_or(0, |rest| rest.len())
    }

    /// Whether there is none.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// The elements in the order in which they leave.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.first.iter().chain(self.rest.iter().flat_map(|rest| rest.iter()))
    }

    /// Drops all elements.
    pub fn clear(&mut self) {
        *self = Queue::default();
    }
}

#[cfg(test)]
mod tests {
    use super::Queue;

    #[test]
    fn elements_leave_in_the_order_in_which_they_came() {
        let mut queue = Queue::default();
        for element in 1..=4 {
            queue.push_back(element);
        }
        queue.push_front(0);
        assert_eq!(queue.iter().copied().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        assert_eq!((queue.get(0), queue.get(4), queue.get(5)), (Some(&0), Some(&4), None));
        assert_eq!((queue.remove(2), queue.remove(0), queue.len()), (Some(2), Some(0), 3));
        assert_eq!(queue.back_mut(), Some(&mut 4));
        let left: Vec<_> = std::iter::from_fn(|| queue.pop_front()).collect();
        assert_eq!((left, queue.is_empty(), queue.back_mut()), (vec![1, 3, 4], true, None));
    }
}
