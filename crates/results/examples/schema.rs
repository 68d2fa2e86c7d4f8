//! Prints the JSON Schema of a result file: `cargo run -p results --example schema > docs/results.schema.json`.

fn main() {
    let schema = schemars::schema_for!(results::file::RunResult);
    println!("{}", serde_json::to_string_pretty(&schema).expect("a schema is JSON"));
}
