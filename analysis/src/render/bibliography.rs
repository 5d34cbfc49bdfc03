//! The sources that the methods of a report name, for BibTeX.

use std::fmt::Write as _;

use crate::report::Report;

/// A source: how the methods name it, the kind of entry, and its fields.
struct Source {
    named: &'static str,
    kind: &'static str,
    author: &'static str,
    title: &'static str,
    /// Journal, or what else it appeared in.
    place: (&'static str, &'static str),
    volume: &'static str,
    pages: &'static str,
    year: &'static str,
}

const fn article(
    named: &'static str,
    author: &'static str,
    title: &'static str,
    journal: &'static str,
    [volume, pages, year]: [&'static str; 3],
) -> Source {
    Source { named, kind: "article", author, title, place: ("journal", journal), volume, pages, year }
}

const SOURCES: [Source; 18] = [
    article("Student 1908", "Student", "The probable error of a mean", "Biometrika", ["6", "1--25", "1908"]),
    article(
        "Welch 1947",
        "Welch, B. L.",
        "The generalization of `Student's' problem when several different population variances are involved",
        "Biometrika",
        ["34", "28--35", "1947"],
    ),
    article(
        "Holm 1979",
        "Holm, Sture",
        "A simple sequentially rejective multiple test procedure",
        "Scandinavian Journal of Statistics",
        ["6", "65--70", "1979"],
    ),
    article(
        "Dunnett 1955",
        "Dunnett, Charles W.",
        "A multiple comparison procedure for comparing several treatments with a control",
        "Journal of the American Statistical Association",
        ["50", "1096--1121", "1955"],
    ),
    article(
        "Patterson and Thompson 1971",
        "Patterson, H. D. and Thompson, R.",
        "Recovery of inter-block information when block sizes are unequal",
        "Biometrika",
        ["58", "545--554", "1971"],
    ),
    article(
        "Kenward and Roger 1997",
        "Kenward, Michael G. and Roger, James H.",
        "Small sample inference for fixed effects from restricted maximum likelihood",
        "Biometrics",
        ["53", "983--997", "1997"],
    ),
    article(
        "Schuirmann 1987",
        "Schuirmann, Donald J.",
        "A comparison of the two one-sided tests procedure and the power approach for assessing the equivalence of average bioavailability",
        "Journal of Pharmacokinetics and Biopharmaceutics",
        ["15", "657--680", "1987"],
    ),
    article(
        "Fisher 1935",
        "Fisher, R. A.",
        "The logic of inductive inference",
        "Journal of the Royal Statistical Society",
        ["98", "39--82", "1935"],
    ),
    article(
        "Clopper and Pearson 1934",
        "Clopper, C. J. and Pearson, E. S.",
        "The use of confidence or fiducial limits illustrated in the case of the binomial",
        "Biometrika",
        ["26", "404--413", "1934"],
    ),
    article(
        "Wilcoxon 1945",
        "Wilcoxon, Frank",
        "Individual comparisons by ranking methods",
        "Biometrics Bulletin",
        ["1", "80--83", "1945"],
    ),
    article(
        "Mann and Whitney 1947",
        "Mann, H. B. and Whitney, D. R.",
        "On a test of whether one of two random variables is stochastically larger than the other",
        "Annals of Mathematical Statistics",
        ["18", "50--60", "1947"],
    ),
    article(
        "Hodges and Lehmann 1963",
        "Hodges, J. L. and Lehmann, E. L.",
        "Estimates of location based on rank tests",
        "Annals of Mathematical Statistics",
        ["34", "598--611", "1963"],
    ),
    article(
        "Brown and Forsythe 1974",
        "Brown, Morton B. and Forsythe, Alan B.",
        "Robust tests for the equality of variances",
        "Journal of the American Statistical Association",
        ["69", "364--367", "1974"],
    ),
    article(
        "Satterthwaite 1946",
        "Satterthwaite, F. E.",
        "An approximate distribution of estimates of variance components",
        "Biometrics Bulletin",
        ["2", "110--114", "1946"],
    ),
    article(
        "Berger 1982",
        "Berger, Roger L.",
        "Multiparameter hypothesis testing and acceptance sampling",
        "Technometrics",
        ["24", "295--300", "1982"],
    ),
    article(
        "Shapiro and Wilk 1965",
        "Shapiro, S. S. and Wilk, M. B.",
        "An analysis of variance test for normality (complete samples)",
        "Biometrika",
        ["52", "591--611", "1965"],
    ),
    article(
        "Hall 1988",
        "Hall, Peter",
        "Theoretical comparison of bootstrap confidence intervals",
        "Annals of Statistics",
        ["16", "927--953", "1988"],
    ),
    Source {
        named: "Steiger and Fouladi 1997",
        kind: "incollection",
        author: "Steiger, James H. and Fouladi, Rachel T.",
        title: "Noncentrality interval estimation and the evaluation of statistical models",
        place: ("booktitle", "What If There Were No Significance Tests?"),
        volume: "",
        pages: "221--257",
        year: "1997",
    },
];

/// An entry for every source that the methods name, in the order of the list above. The keys are the names in lower
/// case and without spaces: `student1908`, `kenward-roger1997`.
pub fn bibliography(report: &Report) -> String {
    let methods = report.methods.join("\n");
    let mut text = String::new();
    for source in SOURCES.iter().filter(|source| methods.contains(source.named)) {
        let _ = writeln!(text, "@{}{{{},", source.kind, key(source.named));
        let fields = [
            ("author", source.author),
            ("title", source.title),
            source.place,
            ("volume", source.volume),
            ("pages", source.pages),
            ("year", source.year),
        ];
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            let _ = writeln!(text, "  {name} = {{{value}}},");
        }
        text.push_str("}\n");
    }
    text
}

fn key(named: &str) -> String {
    let (authors, year) = named.rsplit_once(' ').unwrap_or((named, ""));
    format!("{}{year}", authors.to_lowercase().replace(" and ", "-").replace(' ', ""))
}
