package awstest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"sync"
)

// KMS is a local KMS with one key, which really encrypts.
type KMS struct {
	Key string // its name; any other is not there

	mu     sync.Mutex
	aead   cipher.AEAD
	Denied bool           // nobody may use the key
	Calls  map[string]int // by operation
}

func (k *KMS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.aead == nil {
		secret := make([]byte, 32)
		rand.Read(secret)
		block, _ := aes.NewCipher(secret)
		k.aead, _ = cipher.NewGCM(block)
		k.Calls = map[string]int{}
	}
	var in struct {
		KeyID             string `json:"KeyId"`
		Plaintext         []byte
		CiphertextBlob    []byte
		EncryptionContext map[string]string
	}
	operation := r.Header.Get("X-Amz-Target")
	k.Calls[operation]++
	about := func() []byte { b, _ := json.Marshal(in.EncryptionContext); return b }
	switch err := json.NewDecoder(r.Body).Decode(&in); {
	case err != nil:
		Refuse(w, 400, "ValidationException")
	case k.Denied:
		Refuse(w, 400, "AccessDeniedException")
	case in.KeyID != k.Key:
		Refuse(w, 400, "NotFoundException")
	case operation == "TrentService.Encrypt" && len(in.Plaintext) <= 4096:
		nonce := make([]byte, 12)
		rand.Read(nonce)
		answer(w, map[string]any{"KeyId": k.Key, "CiphertextBlob": k.aead.Seal(nonce, nonce, in.Plaintext, about())})
	case operation == "TrentService.Decrypt" && len(in.CiphertextBlob) > 12:
		plain, err := k.aead.Open(nil, in.CiphertextBlob[:12], in.CiphertextBlob[12:], about())
		if err != nil {
			Refuse(w, 400, "InvalidCiphertextException")
			return
		}
		answer(w, map[string]any{"KeyId": k.Key, "Plaintext": plain})
	default:
		Refuse(w, 400, "ValidationException")
	}
}
