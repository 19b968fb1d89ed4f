package main

import "encoding/json"

// The parts of the FHIR resources that are read.

type bundle struct {
	Entry []struct{ Resource json.RawMessage }
}

type structure struct {
	ResourceType   string
	Name           string
	Kind           string
	Abstract       bool
	Version        string
	BaseDefinition string
	Derivation     string
	Snapshot       struct{ Element []element }
}

type element struct {
	ID               string
	Path             string
	Min              int
	Max              string
	Base             struct{ Path string }
	Type             []elementType
	ContentReference string
	IsModifier       bool
	IsSummary        bool
	Representation   []string
	Constraint       []constraint
	Binding          *struct{ Strength, ValueSet string }
}

type elementType struct {
	Code          string
	TargetProfile []string
	Extension     []struct{ URL, ValueURL, ValueString string }
}

type constraint struct{ Key, Severity, Human, Expression string }

type searchParameter struct {
	ID, URL, Code, Type, Expression, Version string
	Base, Target                             []string
	Component                                []struct{ Definition, Expression string }
}

type compartment struct {
	ResourceType, Code string
	Resource           []struct {
		Code  string
		Param []string
	}
}

type concept struct {
	Code, Display string
	Concept       []concept
}

type valueSet struct {
	ResourceType, URL string
	Compose           struct {
		Include, Exclude []struct {
			System   string
			Concept  []concept
			Filter   []json.RawMessage
			ValueSet []string
		}
	}
}

type codeSystem struct {
	ResourceType, URL, Content string
	CaseSensitive              *bool
	Concept                    []concept
}
