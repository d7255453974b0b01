// Certificates for tests, made here: no fixture that expires.
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/http/tls.h"

namespace support {

// A self-signed certificate for `names` ("DNS:localhost,IP:127.0.0.1"), in files that go away with
// it.
class Certificate {
 public:
  explicit Certificate(const char* names, long seconds = 3600) {
    std::string folder =
        (std::filesystem::temp_directory_path() / "portolan-certificate-XXXXXX").string();
    EXPECT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), seconds < 0 ? 2 * seconds : 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), seconds);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(certificate, key, EVP_sha256());
    Write("cert.pem", [&](std::FILE* file) { PEM_write_X509(file, certificate); });
    Write("key.pem", [&](std::FILE* file) {
      PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  ~Certificate() { std::filesystem::remove_all(folder_); }

  base::http::ServerTls files() const {
    return {(folder_ / "cert.pem").string(), (folder_ / "key.pem").string(), ""};
  }
  std::string pem() const {
    std::ifstream file(files().certificate_file);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  static std::string PemOf(X509* certificate) {
    BIO* memory = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(memory, certificate);
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory, &text);
    std::string pem(text, static_cast<std::size_t>(size));
    BIO_free(memory);
    return pem;
  }
  // Its files get the contents of another's, as a renewal does it: each is replaced whole.
  void BecomeLike(const Certificate& other) const {
    for (const char* file : {"key.pem", "cert.pem"}) {
      std::filesystem::copy_file(other.folder_ / file, folder_ / "new");
      std::filesystem::rename(folder_ / "new", folder_ / file);
    }
  }
  // Clients made from now on trust it.
  void Trust() const { ::setenv("SSL_CERT_FILE", files().certificate_file.c_str(), 1); }

 private:
  template <class Writer>
  void Write(const char* file_name, Writer write) {
    std::FILE* file = std::fopen((folder_ / file_name).c_str(), "w");
    ASSERT_NE(file, nullptr);
    write(file);
    std::fclose(file);
  }
  std::filesystem::path folder_;
};

}  // namespace support
