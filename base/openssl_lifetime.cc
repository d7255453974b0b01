#include "base/openssl_lifetime.h"

#include <openssl/crypto.h>

namespace base {

void KeepOpensslToTheEnd() { OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr); }

}  // namespace base
