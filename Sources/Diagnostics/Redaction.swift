/// The text with credentials masked: passwords in URLs and in connection strings, age identities, signing keys.
///
/// Everything quoted from a library, a server or the user's own input passes here before it is shown or logged. Where it
/// cannot be told how far a secret goes, too much is masked rather than too little.
package func redacted(_ text: String) -> String {
    let secrets = SecretSearch(text).ranges()
    if secrets.isEmpty { return text }
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var end = 0
    for secret in secrets.sorted(by: { $0.lowerBound < $1.lowerBound }) where secret.upperBound > end {
        if secret.lowerBound > end || end == 0 {
            result += bytes[end..<secret.lowerBound] + "***".utf8
        }
        end = secret.upperBound
    }
    return String(decoding: result + bytes[end...], as: UTF8.self)
}
