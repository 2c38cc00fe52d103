import Diagnostics

/// Where a bucket is, after everything that may say so was asked: the settings, the environment, the profile, AWS.
struct S3Surroundings {
    let address: S3Address
    let certificateFile: String?

    init(_ settings: S3Settings, environment: [String: String]) throws {
        let files = try AWSConfiguration(environment: environment, profile: settings.profile)
        let region =
            settings.region ?? environment["AWS_REGION"].nonEmpty ?? environment["AWS_DEFAULT_REGION"].nonEmpty
            ?? files["region"] ?? "us-east-1"
        let ignoresConfigured = environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]?.lowercased() == "true"
        let configured =
            ignoresConfigured
            ? nil
            : environment["AWS_ENDPOINT_URL_S3"].nonEmpty ?? environment["AWS_ENDPOINT_URL"].nonEmpty
                ?? files["endpoint_url"]
        let endpoint = settings.endpoint ?? configured
        guard region.wholeMatch(of: /[A-Za-z0-9-]+/) != nil,
            let address = S3Address(
                bucket: settings.bucket,
                prefix: settings.prefix,
                endpoint: endpoint,
                pathStyle: settings.pathStyle,
                region: region
            )
        else {
            throw Diagnostic(
                .settingsInvalid,
                "cannot tell where bucket '\(settings.bucket)' is",
                cause: redacted("the endpoint is '\(endpoint ?? "")', the region '\(region)'"),
                hint: "Write the endpoint as https://host[:port], without a path, and a region such as eu-west-1."
            )
        }
        self.address = address
        certificateFile = settings.certificateFile ?? environment["AWS_CA_BUNDLE"].nonEmpty ?? files["ca_bundle"]
    }
}
