//! An exercise on paper: forty of the hardest requirements, written as checks of the language.
//!
//! They load and lint clean, so the language can say them. They are no suite: no server was tested
//! by them, and none of them is proved by a defect. What the language cannot say stands at the end
//! of `tests/vocabulary/README.md`.

use std::path::PathBuf;

use authspec::suite::Suites;

#[test]
fn forty_hard_requirements_can_be_said() {
    let folder = PathBuf::from("tests/vocabulary");
    let (suites, problems) = Suites::lint(std::slice::from_ref(&folder));
    let text = problems.to_string();
    // What the registry says of a requirement is no fault of the language.
    let of_the_registry = |problem: &str| {
        problem.contains("nobody has read the text")
            || problem.contains("marked as not observable")
            || problem.contains("is marked as unchecked")
    };
    let wrong: Vec<&str> = text
        .split("\n\n")
        .filter(|problem| problem.contains("--> tests/vocabulary") && !of_the_registry(problem))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    let on_paper = suites
        .checks
        .iter()
        .filter(|check| check.area.starts_with("paper"));
    assert!(on_paper.count() >= 40);
}
