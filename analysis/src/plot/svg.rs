//! Elements of SVG, written to a string.

use std::fmt::Write as _;

/// A drawing under construction. Lengths are in pixels of its own coordinates; the page scales it as a whole.
#[derive(Debug, Clone)]
pub struct Svg {
    width: f64,
    height: f64,
    body: String,
}

/// Where a text is tied to its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// It is centred there.
    Middle,
    /// It ends there.
    End,
}

impl Svg {
    /// An empty drawing.
    pub fn new(width: f64, height: f64) -> Self {
        Self { width, height, body: String::new() }
    }

    /// A straight line.
    pub fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(coordinate);
        self.push(&format!(r#"<line class="{class}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>"#));
    }

    /// A disc, with a text that shows when it is pointed at.
    pub fn disc(&mut self, class: &str, centre: (f64, f64), radius: f64, tip: &str) {
        let [x, y, r] = [centre.0, centre.1, radius].map(coordinate);
        let tip = escape(tip);
        self.push(&format!(r#"<circle class="{class}" cx="{x}" cy="{y}" r="{r}"><title>{tip}</title></circle>"#));
    }

    /// The `index`-th of seven shapes that are told apart without colour, about `size` from its centre to its edge,
    /// with a text that shows when it is pointed at.
    pub fn marker(&mut self, class: &str, index: usize, (x, y): (f64, f64), size: f64, tip: &str) {
        let s = size;
        let points: &[(f64, f64)] = match index % 7 {
            0 => return self.disc(class, (x, y), s, tip),
            1 => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
            2 => &[(0.0, -1.15), (1.05, 0.85), (-1.05, 0.85)],
            3 => &[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)],
            4 => &[(0.0, 1.15), (1.05, -0.85), (-1.05, -0.85)],
            5 => &[(-1.15, 0.0), (0.85, -1.05), (0.85, 1.05)],
            _ => &[(1.15, 0.0), (-0.85, -1.05), (-0.85, 1.05)],
        };
        let points: Vec<(f64, f64)> = points.iter().map(|(dx, dy)| (x + dx * s, y + dy * s)).collect();
        let data = outline_data(&points);
        let tip = escape(tip);
        self.push(&format!(r#"<path class="{class}" d="{data}Z"><title>{tip}</title></path>"#));
    }

    /// A cell of a heat map: a rectangle that is filled to a degree in [0, 1], with a text that shows when it is
    /// pointed at.
    pub fn cell(&mut self, class: &str, corner: (f64, f64), size: (f64, f64), degree: f64, tip: &str) {
        let [x, y, width, height] = [corner.0, corner.1, size.0, size.1].map(coordinate);
        let (tip, degree) = (escape(tip), (degree.clamp(0.0, 1.0) * 100.0).round() / 100.0);
        self.push(&format!(
            r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}" fill-opacity="{degree}"><title>{tip}</title></rect>"#
        ));
    }

    /// A rectangle.
    pub fn rectangle(&mut self, class: &str, corner: (f64, f64), size: (f64, f64)) {
        let [x, y, width, height] = [corner.0, corner.1, size.0, size.1].map(coordinate);
        self.push(&format!(r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}"/>"#));
    }

    /// A polyline through at least two points.
    pub fn path(&mut self, class: &str, points: &[(f64, f64)]) {
        self.outline(class, points, "");
    }

    /// A closed polygon.
    pub fn polygon(&mut self, class: &str, points: &[(f64, f64)]) {
        self.outline(class, points, "Z");
    }

    fn outline(&mut self, class: &str, points: &[(f64, f64)], end: &str) {
        if points.len() < 2 {
            return;
        }
        let data = outline_data(points);
        self.push(&format!(r#"<path class="{class}" d="{data}{end}"/>"#));
    }

    /// A text; `place` is on its baseline.
    pub fn text(&mut self, class: &str, place: (f64, f64), anchor: Anchor, text: &str) {
        let [x, y] = [place.0, place.1].map(coordinate);
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escape(text);
        self.push(&format!(r#"<text class="{class}" x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>"#));
    }

    /// Everything that `draw` adds, cut off outside a rectangle. `id` must be unique on the page.
    pub fn clipped(&mut self, id: &str, corner: (f64, f64), size: (f64, f64), draw: impl FnOnce(&mut Self)) {
        self.push(&format!(r#"<clipPath id="{id}">"#));
        self.rectangle("clip", corner, size);
        self.push(&format!("</clipPath><g clip-path=\"url(#{id})\">"));
        draw(self);
        self.push("</g>");
    }

    /// The finished drawing. `id` must be unique on the page; `title` and `description` are for those who cannot see
    /// it.
    pub fn finish(self, id: &str, title: &str, description: &str) -> String {
        let (width, height) = (coordinate(self.width), coordinate(self.height));
        format!(
            "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"{id}-title {id}-description\">\
             <title id=\"{id}-title\">{}</title><desc id=\"{id}-description\">{}</desc>{}</svg>",
            escape(title),
            escape(description),
            self.body
        )
    }

    fn push(&mut self, element: &str) {
        self.body.push_str(element);
    }
}

fn outline_data(points: &[(f64, f64)]) -> String {
    let mut data = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        let command = if index == 0 { 'M' } else { 'L' };
        let _ = write!(data, "{command}{} {}", coordinate(*x), coordinate(*y));
    }
    data
}

/// A tenth of a pixel is finer than anybody sees, and short.
fn coordinate(value: f64) -> String {
    let text = format!("{value:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Text that is safe within an element or a quoted attribute.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            // Control characters are not allowed in XML at all.
            control if control.is_control() => safe.push(' '),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out_of_the_drawing() {
        let mut svg = Svg::new(10.0, 10.0);
        svg.text("label", (-0.01, 2.25), Anchor::End, "</text><script>\"&\u{1}");
        let text = svg.finish("a", "t", "d");
        assert!(
            text.contains(r#"x="0" y="2.2" text-anchor="end">&lt;/text&gt;&lt;script&gt;&quot;&amp; </text>"#),
            "{text}"
        );
    }
}
