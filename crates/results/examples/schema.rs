//! Prints the JSON Schema of a result file: `cargo run -p results --example schema > docs/results.schema.json`.

fn main() {
    let schema = schemars::schema_for!(results::file::RunResult);
    let mut schema = serde_json::to_value(schema).expect("a schema is JSON");
    // Otherwise the order of keys depends on what else is built.
    schema.sort_all_objects();
    println!("{schema:#}");
}
