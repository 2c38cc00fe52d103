import Model
import Reports
import Restore
import Terminal

extension RestorePreview {
    /// The plan as sentences, in the order in which it would be carried out.
    var sentences: [String] {
        [
            "check that the target is empty, new enough, and has the extensions",
            "create \(counted(definitions, "object")): roles, schemas, types, functions, tables",
            "load \(counted(rows, "row")) (\(byteText(textBytes)) of text) into \(counted(tables, "table")), the largest first",
            "build indexes, constraints, triggers and policies in parallel",
            "apply privileges, refresh materialized views, gather statistics",
        ] + extensionTables.map { "leave '\($0)' as it is where an extension of the target has rows there already" }
            + tablespaces.map { "use the tablespace '\($0)' where the target has it" }
            + leftOut.map { "leave out \($0.object): \($0.reason)" }
    }
}
