@testable import Repository

extension FuzzTarget {
    /// The readers of what a store of somebody else's making answers.
    static func answers() -> [FuzzTarget] {
        let page = """
            <?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\
            <IsTruncated>false</IsTruncated><Contents><Key>a&amp;b&#47;c</Key><Size>3</Size></Contents>\
            <Contents><Key><![CDATA[<x>]]></Key></Contents><!-- end --></ListBucketResult>
            """
        let words = [
            "<", ">", "</", "/>", "&#x", ";", "<![CDATA[", "]]>", "<!--", "-->", "<?", "?>", "=\"", "<!DOCTYPE",
        ]
        return [
            FuzzTarget("s3-xml", texts: [page, "<Error><Code>SlowDown</Code></Error>"], words: words) { text in
                guard let tree = try? XMLReader.parse(Array(text.utf8)), isPlain(tree) else { return }
                // What is read has one meaning: written plainly and read again, it is the same.
                let again = try? XMLReader.parse(Array(rendered(tree).utf8))
                try require(again == tree, "a document reads differently after it was written")
            },
            FuzzTarget("s3-key", texts: ["a/b%41/c", "%", "%zz%2"], words: ["%", "%2F", "+", "/"]) { text in
                let encoded = S3Address.encode(text)
                try require(S3Address.decode(encoded) == text, "'\(text)' is '\(encoded)' and not read back")
            },
        ]
    }

    /// Whether every name can be written as it stands.
    private static func isPlain(_ tree: XMLTree) -> Bool {
        tree.name.utf8.allSatisfy { $0 > 0x40 && $0 < 0x7B } && tree.children.allSatisfy(isPlain)
    }

    private static func rendered(_ tree: XMLTree) -> String {
        "<\(tree.name)>\(tree.text.escapedForXML)\(tree.children.map(rendered).joined())</\(tree.name)>"
    }
}
