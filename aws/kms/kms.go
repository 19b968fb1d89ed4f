// Package kms seals the master keys of a data folder by a key of AWS KMS (envelope.Sealer): the
// file store.key then opens only for who may use that key, and every opening is in CloudTrail.
//
// KMS is asked once for each master key, when a process starts and when keys are rotated, not for
// each document: it has no part in the speed of reading and writing, and a process that runs goes on
// without it. Every sealed key is bound to its number by an encryption context.
//
// Source: AWS KMS API reference, "Encrypt", "Decrypt"; Developer Guide, "Encryption context". It has
// not been run against AWS.
package kms

import (
	"context"
	"strconv"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	service "github.com/aws/aws-sdk-go-v2/service/kms"

	"chartlake/aws"
	"chartlake/envelope"
	"chartlake/fault"
)

// patience bounds one opening or sealing with all its tries: a start waits for it.
const patience = 2 * time.Minute

// Sealer seals by a key of KMS. It is safe for many goroutines.
type Sealer struct {
	client *service.Client
	key    string
}

var _ envelope.Sealer = (*Sealer)(nil)

// New makes a sealer by a key's id, ARN or alias; nothing is called yet.
func New(c sdk.Config, key string) *Sealer { return &Sealer{service.NewFromConfig(c), key} }

// about is the encryption context of a master key.
func about(number uint32) map[string]string {
	return map[string]string{"chartlake": "master key", "number": strconv.FormatUint(uint64(number), 10)}
}

// Seal is envelope.Sealer's.
func (s *Sealer) Seal(number uint32, key *envelope.Key) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := s.client.Encrypt(ctx, &service.EncryptInput{KeyId: &s.key, Plaintext: key[:], EncryptionContext: about(number)})
	if err != nil {
		return nil, failed(ctx, err)
	}
	if len(out.CiphertextBlob) == 0 {
		return nil, fault.New(fault.Unavailable, "aws_unavailable", "KMS gave no ciphertext")
	}
	return out.CiphertextBlob, nil
}

// Open is envelope.Sealer's.
func (s *Sealer) Open(number uint32, sealed []byte) (key envelope.Key, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := s.client.Decrypt(ctx, &service.DecryptInput{KeyId: &s.key, CiphertextBlob: sealed, EncryptionContext: about(number)})
	if err != nil {
		return key, failed(ctx, err)
	}
	defer clear(out.Plaintext)
	if len(out.Plaintext) != len(key) {
		return key, fault.New(fault.Corrupt, "aws_ciphertext", "what KMS opened is no master key")
	}
	copy(key[:], out.Plaintext)
	return key, nil
}

// failed is the fault of a call; one that took too long may be tried again.
func failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fault.New(fault.Unavailable, "aws_unreachable", "KMS did not answer in time")
	}
	return aws.Fault(ctx, "KMS", err)
}
