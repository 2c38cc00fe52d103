import Terminal
import Testing

@Suite("Tables line up and never cut what must be copied")
struct TableTests {
    private var table: Table {
        var table = Table([.init("POINT"), .init("SIZE", .right), .init("NOTE", mayShorten: true)])
        table.add(["20261121T020000Z", "1.5 MiB", "nightly"])
        table.add([StyledText("東京データ", .green), "85 MiB", "a long note that a narrow terminal cannot show"])
        table.add(["cafe\u{301} 👩‍👩‍👧", "9 B"])
        return table
    }

    @Test("columns line up by what the terminal shows, wide letters and joined emoji included")
    func alignment() {
        let lines = table.lines().map(\.plain)
        #expect(lines[0] == "POINT                SIZE  NOTE")
        #expect(lines[1] == "20261121T020000Z  1.5 MiB  nightly")
        #expect(lines[2] == "東京データ         85 MiB  a long note that a narrow terminal cannot show")
        // "café" and a family of three in one cluster: seven columns, though many scalars.
        #expect(lines[3].hasSuffix("9 B") && lines[3].displayWidth == 25)
    }

    @Test("on a narrow terminal only the column that may gives way")
    func narrow() {
        let lines = table.lines(width: 40).map(\.plain)
        #expect(lines[1] == "20261121T020000Z  1.5 MiB  nightly")
        #expect(lines[2] == "東京データ         85 MiB  a long note …")
        #expect(lines.allSatisfy { $0.displayWidth <= 40 })
        #expect(table.lines(width: 10).map(\.plain)[1].contains("20261121T020000Z"))
    }

    @Test("text is as wide as the terminal shows it")
    func widths() {
        #expect("abc".displayWidth == 3)
        #expect("東京".displayWidth == 4)
        #expect("e\u{301}".displayWidth == 1)
        #expect("👍".displayWidth == 2)
        #expect("a\u{200B}b".displayWidth == 2)
        #expect("東京データ".shortened(to: 5) == "東京…")
        #expect("abc".shortened(to: 3) == "abc")
        #expect("abcd".shortened(to: 3) == "ab…")
    }
}
