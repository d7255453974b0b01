#include "base/http/client_certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

namespace base::http {
namespace {

// More lead to no issuer.
constexpr int kMaxChain = 16;

using Bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bio Reading(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free_all);
}

// A key with a passphrase is refused, not asked for at some terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

Error Wrong(const char* what) {
  // Its words may quote what it read.
  ERR_clear_error();
  return Fail(Code::kInvalidArgument, what);
}

Certificate Next(BIO* bio) {
  return Certificate(PEM_read_bio_X509(bio, nullptr, NoPassphrase, nullptr), X509_free);
}

}  // namespace

Result<std::shared_ptr<const TlsContext>> ShowingCertificate(const std::string& certificate_pem,
                                                             const std::string& private_key_pem) {
  auto made = TlsContext::ForClients();
  if (!made) return made.error();
  SSL_CTX* const context = (*made)->get();

  const Bio certificates = Reading(certificate_pem);
  const Certificate own = Next(certificates.get());
  if (!own || SSL_CTX_use_certificate(context, own.get()) != 1)
    return Wrong("the certificate is none that can be read (PEM)");
  for (int i = 0; i < kMaxChain; ++i) {
    const Certificate issuer = Next(certificates.get());
    if (!issuer) break;
    if (SSL_CTX_add1_chain_cert(context, issuer.get()) != 1)
      return Wrong("one of the certificates that lead to the issuer cannot be used");
  }
  ERR_clear_error();  // the end of the text is an error too

  const Bio keys = Reading(private_key_pem);
  const Key key(PEM_read_bio_PrivateKey(keys.get(), nullptr, NoPassphrase, nullptr), EVP_PKEY_free);
  if (!key) return Wrong("the private key cannot be read (PEM, without a passphrase)");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1)
    return Wrong("the private key is not that of the certificate");
  return std::shared_ptr<const TlsContext>(*std::move(made));
}

}  // namespace base::http
