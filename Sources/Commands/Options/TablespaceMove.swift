import CommandLineKit
import Model

/// `FROM=TO`: where what lay in one tablespace goes.
struct TablespaceMove: ArgumentValue {
    let source: Spelling
    let target: Spelling

    init?(argument: String) {
        // A name may hold the sign itself: the first one that leaves both sides something is taken.
        guard let sign = argument.dropFirst().firstIndex(of: "="), argument.index(after: sign) < argument.endIndex
        else {
            return nil
        }
        source = Spelling(String(argument[..<sign]))
        target = Spelling(String(argument[argument.index(after: sign)...]))
    }

    static let expected = "two names as FROM=TO"

    var argument: String { "\(source)=\(target)" }
}
