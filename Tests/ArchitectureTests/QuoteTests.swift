import Testing

@Suite("Quotes are looked at byte by byte")
struct QuoteTests {
    /// What marks the end of something in SQL, a shell or a format string.
    private static let marks = ["'", "\\\"", "\\\\", "%", "$"]

    @Test(
        "nothing that is quoted for a server or a shell goes through replacing(_:with:), to which an accent hides a quote"
    )
    func replacing() {
        let files = ["Catalog", "PostgresClient", "Export", "Restore", "Drills", "Repository", "Commands"].flatMap {
            SourceTree.files(below: "Sources/" + $0)
        }
        #expect(files.count > 200)
        for file in files {
            for mark in Self.marks {
                #expect(
                    !file.text.contains(".replacing(\"\(mark)\","),
                    "\(file.path): use replacingEach(_:with:) for \(mark)"
                )
            }
        }
    }
}
