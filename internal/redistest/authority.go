package redistest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// authority is the certificate authority of one test, with the certificate that
// it issued to the servers on the loopback interface.
type authority struct {
	pool          *x509.CertPool
	ca, cert, key []byte // PEM, as redis-server reads them
}

func newAuthority() (*authority, error) {
	root := template("redistest CA", 1)
	root.IsCA, root.BasicConstraintsValid = true, true
	root.KeyUsage = x509.KeyUsageCertSign
	root, rootKey, err := sign(root, root, nil)
	if err != nil {
		return nil, err
	}

	// The servers of a set are clients of each other too.
	leaf := template("redistest server", 2)
	leaf.DNSNames = []string{"localhost"}
	leaf.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	leaf.KeyUsage = x509.KeyUsageDigitalSignature
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	leaf, leafKey, err := sign(leaf, root, rootKey)
	if err != nil {
		return nil, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		return nil, err
	}

	a := &authority{
		pool: x509.NewCertPool(),
		ca:   pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw}),
		cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw}),
		key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
	}
	a.pool.AddCert(root)
	return a, nil
}

// sign makes a key and a certificate for it, signed with the parent's key.
// Without a parent key the certificate signs itself.
func sign(cert, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if parentKey == nil {
		parentKey = key
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, parent, &key.PublicKey, parentKey)
	if err != nil {
		return nil, nil, err
	}
	cert, err = x509.ParseCertificate(der)
	return cert, key, err
}

// template returns what both certificates have in common. They are valid from an
// hour ago, so that a clock set back a little does no harm.
func template(name string, serial int64) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
	}
}

// write puts the files for redis-server into dir.
func (a *authority) write(dir string) error {
	for name, data := range map[string][]byte{"ca.pem": a.ca, "cert.pem": a.cert, "key.pem": a.key} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// lines returns the directives with which redis-server uses these files, as a
// server and as a client of the other servers of its set.
func (a *authority) lines() []string {
	return []string{
		"tls-ca-cert-file ca.pem",
		"tls-cert-file cert.pem",
		"tls-key-file key.pem",
		"tls-auth-clients no",
		"tls-replication yes",
		"tls-cluster yes",
	}
}

// client returns the configuration of a client that trusts the servers. The name
// of the server is left to whoever dials.
func (a *authority) client() *tls.Config {
	return &tls.Config{RootCAs: a.pool, MinVersion: tls.VersionTLS12}
}
