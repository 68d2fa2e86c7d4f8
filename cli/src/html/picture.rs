//! A picture with what it says, what its colours stand for, and its values as a table.

use maud::{Markup, html};

use super::chart::legend;
use super::table::{Cells, data};
use crate::layout::Table;

/// A picture of a result, or only a table where that says more.
pub struct Picture {
    /// What it is about.
    pub title: String,
    /// What it says, in words.
    pub says: String,
    /// The drawing.
    pub drawing: Option<Markup>,
    /// What its colours stand for.
    pub legend: Vec<(usize, String)>,
    /// What is drawn, as numbers.
    pub data: Table,
}

/// Pictures that belong together, such as those of a memory size.
#[derive(Default)]
pub struct Group {
    /// What they are about; none where that is the whole result.
    pub title: Option<String>,
    /// What makes them unfit for use.
    pub failed_checks: Vec<String>,
    /// In the order in which they are shown.
    pub pictures: Vec<Picture>,
}

impl Picture {
    fn draw(&self) -> Markup {
        html! {
            figure {
                h3 { (self.title) }
                @if let Some(drawing) = &self.drawing { (drawing) (legend(&self.legend)) }
                figcaption { (self.says) }
                (data(&Cells::from(&self.data), &self.title))
            }
        }
    }
}

impl Group {
    /// The pictures below what makes them unfit for use.
    pub fn draw(&self) -> Markup {
        let pictures = html! {
            @for check in &self.failed_checks { p class="error" { b { "ERROR: " } (check) } }
            div class="pictures" { @for picture in &self.pictures { (picture.draw()) } }
        };
        html! {
            @match &self.title {
                Some(title) => details { summary { (title) } (pictures) },
                None => (pictures),
            }
        }
    }
}
