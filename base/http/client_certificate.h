// A TLS context of a client that shows a certificate of its own.
#pragma once

#include <memory>
#include <string>

#include "base/http/tls.h"
#include "base/result.h"

namespace base::http {

// Trusts whom TlsContext::ForClients trusts. Both are PEM: the certificate, then those that lead to its
// issuer; its key, without a passphrase. kInvalidArgument says which is wrong, and quotes nothing.
Result<std::shared_ptr<const TlsContext>> ShowingCertificate(const std::string& certificate_pem,
                                                             const std::string& private_key_pem);

}  // namespace base::http
