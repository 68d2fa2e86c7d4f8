//! Names beside points, where they hide neither a point nor each other.

use super::axes::Frame;
use super::{WIDTH, text_width};

/// Half of what a point takes, with some room around it.
const POINT: f64 = 9.0;
/// Height of a line of text.
const LINE: f64 = 13.0;

/// A rectangle: left, right, top, bottom.
#[derive(Debug, Clone, Copy)]
struct Place(f64, f64, f64, f64);

impl Place {
    fn overlaps(&self, other: &Self) -> bool {
        self.0 < other.1 && other.0 < self.1 && self.2 < other.3 && other.2 < self.3
    }
}

/// Where a text begins, on its baseline.
pub type Start = (f64, f64);

/// Where the names of points go; none for a name that has no place.
pub fn place(frame: &Frame, points: &[(f64, f64)], names: &[Option<&str>]) -> Vec<Option<Start>> {
    let mut taken: Vec<Place> =
        points.iter().map(|(x, y)| Place(x - POINT, x + POINT, y - POINT, y + POINT)).collect();
    let mut start = |((x, y), name): (&(f64, f64), Option<&str>)| {
        let width = text_width(name?);
        let starts = [
            (x + POINT + 1.0, y + 4.0),
            (x - POINT - 1.0 - width, y + 4.0),
            (x - width / 2.0, y - POINT - 2.0),
            (x - width / 2.0, y + POINT + 10.0),
            (x + 4.0, y - POINT - 2.0),
            (x - width - 4.0, y - POINT - 2.0),
            (x + 4.0, y + POINT + 10.0),
            (x - width - 4.0, y + POINT + 10.0),
        ];
        starts.into_iter().find(|(left, baseline)| {
            let place = Place(*left, left + width, baseline - LINE + 3.0, baseline + 3.0);
            let fits = place.0 >= frame.left
                && place.1 <= WIDTH
                && place.2 >= frame.top - 8.0
                && place.3 <= frame.bottom;
            let is_free = fits && !taken.iter().any(|other| place.overlaps(other));
            if is_free {
                taken.push(place);
            }
            is_free
        })
    };
    points.iter().zip(names.iter().copied()).map(&mut start).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hide_neither_points_nor_each_other() {
        let frame = Frame { left: 40.0, right: 380.0, top: 20.0, bottom: 200.0 };
        let points = [(60.0, 100.0), (75.0, 100.0), (370.0, 100.0)];
        let starts = place(&frame, &points, &[Some("rust-stream"), Some("rust-copy"), Some("python")]);
        let starts: Vec<_> = starts.into_iter().map(|start| start.expect("there is room")).collect();
        assert!((starts[0].1 - 104.0).abs() > 1.0, "not over the second point: {starts:?}");
        assert!(starts[2].0 + text_width("python") < 370.0, "left of a point at the edge: {starts:?}");
    }

    #[test]
    fn where_there_is_no_room_there_is_no_name() {
        let frame = Frame { left: 40.0, right: 380.0, top: 20.0, bottom: 200.0 };
        let points = vec![(200.0, 100.0); 40];
        let starts = place(&frame, &points, &[Some("a contender"); 40]);
        assert!(starts.iter().any(Option::is_some) && starts.iter().any(Option::is_none), "{starts:?}");
    }
}
